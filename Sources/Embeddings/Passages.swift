package import Records

/// A part of a text that a model reads in one go.
package struct Passage: Hashable, Sendable {
  package let text: String
  /// Where it stands in the whole text.
  package let span: TextSpan

  package init(text: String, span: TextSpan) {
    self.text = text
    self.span = span
  }
}

/// Cuts texts that are longer than a model reads into passages that overlap.
///
/// The passages of a text are of about equal length as far as its words allow, begin and end between
/// words, and together hold every word.
struct PassageCutter {
  /// A word of a text: where it begins, in bytes, and how many tokens it has.
  struct Word: Equatable {
    let start: Int
    let tokens: Int
  }

  /// The tokens of a passage at most.
  let capacity: Int

  /// Tokens of a passage at most where a text has several: 150 English words or so. Shorter than what
  /// the models see, because one vector says less the more it has to say.
  private static let longestPassage = 200

  /// For a model that sees so many tokens of a text; none of a text's words may have more.
  init(maximumTokens: Int) {
    capacity = max(1, min(maximumTokens, Self.longestPassage))
  }

  /// A fifth of a passage stands in the one before it as well: what is said around a cut is found.
  private var overlap: Int { capacity / 5 }

  /// The passages of a text that has these words.
  ///
  /// - Parameter words: in their order; what lies before the first belongs to it.
  func passages(of text: String, _ words: [Word]) -> [Passage] {
    var starts: [Int] = [0]
    for word in words { starts.append(starts[starts.count - 1] + word.tokens) }
    return ranges(starts).map { range in
      let from = range.lowerBound == 0 ? 0 : words[range.lowerBound].start
      let to = range.upperBound == words.count ? text.utf8.count : words[range.upperBound].start
      return passage(of: text, from, to)
    }
  }

  /// Which words stand in each passage.
  ///
  /// - Parameter starts: how many tokens lie before each word, and before the end.
  private func ranges(_ starts: [Int]) -> [Range<Int>] {
    let count = starts.count - 1
    let total = starts[count]
    let pieces = max(1, (total - overlap + capacity - overlap - 1) / (capacity - overlap))
    let length = min(capacity, (total + (pieces - 1) * overlap + pieces - 1) / pieces)
    var ranges: [Range<Int>] = []
    var first = 0
    while first < count {
      var end = first + 1
      while end < count, starts[end + 1] - starts[first] <= length { end += 1 }
      ranges.append(first..<end)
      guard end < count else { break }
      var next = end
      while next - 1 > first, starts[end] - starts[next - 1] <= overlap { next -= 1 }
      // Before a long word there may be no room for all of that.
      while next < end, starts[end + 1] - starts[next] > length { next += 1 }
      first = next
    }
    return ranges
  }

  /// The text between two places in bytes, without the white space around it.
  private func passage(of text: String, _ from: Int, _ to: Int) -> Passage {
    let scalars = text.unicodeScalars
    var start = text.utf8.index(text.startIndex, offsetBy: from)
    var end = text.utf8.index(text.startIndex, offsetBy: to)
    while start < end, scalars[start].properties.isWhitespace { scalars.formIndex(after: &start) }
    while start < end, scalars[scalars.index(before: end)].properties.isWhitespace {
      scalars.formIndex(before: &end)
    }
    let offset = scalars.distance(from: scalars.startIndex, to: start)
    return Passage(
      text: String(scalars[start..<end]),
      span: TextSpan(start: offset, end: offset + scalars.distance(from: start, to: end)))
  }
}

extension Passage {
  /// The text as one passage.
  init(whole text: String) {
    self.init(text: text, span: TextSpan(start: 0, end: text.unicodeScalars.count))
  }
}
