internal import Foundation

/// The sentences of a text, as pieces of the text itself.
enum Sentences {
  /// Splits at line ends and after `.`, `!`, `?`, `。`, `！`, `？` and `…` that white space or the end
  /// follows (in scripts without blanks, nothing need follow). Pieces are trimmed, none is empty, and
  /// each is a substring of the text.
  static func of(_ text: String) -> [Substring] {
    var sentences: [Substring] = []
    var start = text.startIndex
    var index = text.startIndex
    func close(_ end: String.Index) {
      let piece = text[start..<end].trimmingWhitespace
      if !piece.isEmpty { sentences.append(piece) }
      start = end
    }
    while index < text.endIndex {
      let next = text.index(after: index)
      let character = text[index]
      if character.isNewline {
        close(index)
      } else if "。！？".contains(character) {
        close(next)
      } else if ".!?…".contains(character) {
        let ends = next == text.endIndex || text[next].isWhitespace
        if ends && !isAbbreviation(text[start..<index]) { close(next) }
      }
      index = next
    }
    close(text.endIndex)
    return sentences
  }

  /// A point after a single letter ("J. Smith") or a short title ends no sentence.
  private static func isAbbreviation(_ before: Substring) -> Bool {
    let word = before.split(whereSeparator: \.isWhitespace).last.map { $0.lowercased() } ?? ""
    return (word.count == 1 && word.first?.isLetter == true && word != "i")
      || ["dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "no"].contains(word)
  }
}

extension Substring {
  fileprivate var trimmingWhitespace: Substring {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return Substring() }
    return self[first...last]
  }
}
