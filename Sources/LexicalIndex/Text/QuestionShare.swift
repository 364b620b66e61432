/// Which share of a text asks instead of saying something.
package enum QuestionShare {
  /// The share of the text's characters that stand in sentences that end with a question mark, 0 to 1.
  ///
  /// A sentence ends at a line end, and at signs such as `.`, `!` and `?` that white space, a quote
  /// or the end follows (after those of scripts without blanks nothing need follow). A mark in
  /// brackets at the beginning of the text, as logs and transcripts have it, is left out.
  ///
  /// - Complexity: O(length of the text).
  package static func of(_ text: String) -> Double {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 >= 0x80 }) else { return 0 }
    var rest = text.unicodeScalars[...]
    if rest.first == "[", let end = rest.firstIndex(of: "]") {
      rest = rest[rest.index(after: end)...]
    }
    var all = 0
    var asked = 0
    var sentence = Sentence()
    func close() {
      guard sentence.hasWords else { return }
      all += sentence.length
      if sentence.asks { asked += sentence.length }
    }
    var scalars = rest.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      sentence.add(scalar)
      if ends(scalar, before: next) {
        close()
        sentence = Sentence()
      }
    }
    close()
    return all == 0 ? 0 : Double(asked) / Double(all)
  }

  private struct Sentence {
    var length = 0
    var hasWords = false
    var asks = false

    mutating func add(_ scalar: Unicode.Scalar) {
      if scalar.properties.isWhitespace && length == 0 { return }
      length += 1
      // What stands before the sentence's end decides, whatever other signs stand there too.
      switch scalar {
      case "?", "？", "؟": asks = true
      case ".", "!", "…", "。", "！": break
      default: asks = asks && scalar.properties.isWhitespace
      }
      hasWords = hasWords || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
  }

  private static func ends(_ scalar: Unicode.Scalar, before next: Unicode.Scalar?) -> Bool {
    switch scalar {
    case "\n", "\r", "。", "！", "？": true
    case ".", "!", "?", "…", "؟":
      next.map { $0.properties.isWhitespace || "\"'”’)»".unicodeScalars.contains($0) } ?? true
    default: false
    }
  }
}
