internal import Records

/// Parts of a text of about equal length, cut between words where there are any.
enum TextWindows {
  /// - Parameter length: characters of a part at most.
  static func of(_ text: String, length: Int) -> [(text: String, span: TextSpan)] {
    let scalars = text.unicodeScalars
    var windows: [(text: String, span: TextSpan)] = []
    var start = scalars.startIndex
    var offset = 0
    while start < scalars.endIndex {
      var end =
        scalars.index(start, offsetBy: length, limitedBy: scalars.endIndex)
        ?? scalars.endIndex
      if end < scalars.endIndex,
        let blank = scalars[start..<end].lastIndex(where: \.properties.isWhitespace),
        blank > start
      {
        end = scalars.index(after: blank)
      }
      let count = scalars.distance(from: start, to: end)
      windows.append(
        (String(scalars[start..<end]), TextSpan(start: offset, end: offset + count)))
      offset += count
      start = end
    }
    return windows
  }
}
