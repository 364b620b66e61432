import VectorEngine

/// The terms of the rows of a sealed file, read in place.
///
/// Only what a search asks for is touched: the rows of its scope, and of the dictionary the few places
/// that a binary search looks at.
final class TermSection: Sendable {
  let segment: SealedSegment
  let side: SealedSide
  let layout: TermLayout

  /// - Throws: `corrupt` when the file has no such section or one that cannot be.
  init(_ segment: SealedSegment) throws(EngineError) {
    guard let side = segment.side(TermLayout.name) else {
      throw EngineError(.corrupt, "\(segment.name) has no terms. Build the index again.")
    }
    let found = try side.withSpan(of: UInt64.self, at: 0, count: TermLayout.headerLength / 8) {
      TermLayout($0)
    }
    guard let layout = found, layout.rows == segment.rowCount, layout.length == side.count
    else { throw side.damage("the header of the terms is not one of this version") }
    self.segment = segment
    self.side = side
    self.layout = layout
  }

  // MARK: The dictionary

  /// So many places of the dictionary are looked at together.
  private static let termsOfBlock = 512

  /// The number of a term in this file; nil when no row of it holds the term.
  ///
  /// - Complexity: O(log terms).
  func number(of term: [UInt8]) throws(EngineError) -> UInt32? {
    let prefix = TermBytes.prefix(term)
    var low = 0
    var high = layout.terms
    while high - low > Self.termsOfBlock {
      let middle = (low + high) / 2
      let found = try side.withSpan(of: UInt64.self, at: layout.prefixes + 8 * middle, count: 1) {
        $0[0].littleEndian
      }
      let order = try order(of: middle, found, prefix, term)
      if order == 0 { return UInt32(middle) }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    let block = low..<high
    return try side.withSpan(
      of: UInt64.self, at: layout.prefixes + 8 * block.lowerBound, count: block.count
    ) { (prefixes: Span<UInt64>) throws(EngineError) in
      while low < high {
        let middle = (low + high) / 2
        let found = prefixes[middle - block.lowerBound].littleEndian
        let order = try order(of: middle, found, prefix, term)
        if order == 0 { return UInt32(middle) }
        if order < 0 { low = middle + 1 } else { high = middle }
      }
      return nil
    }
  }

  /// Negative when a term of the dictionary comes before the one that is looked for.
  private func order(
    of number: Int, _ found: UInt64, _ prefix: UInt64, _ term: [UInt8]
  ) throws(EngineError) -> Int {
    guard found == prefix else { return found < prefix ? -1 : 1 }
    return try withLetters(of: number) { letters in
      for i in 0..<min(letters.count, term.count) where letters[i] != term[i] {
        return letters[i] < term[i] ? -1 : 1
      }
      return letters.count - term.count
    }
  }

  private func withLetters<R>(
    of number: Int, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let first = max(0, number - 1)
    let range = try side.withSpan(
      of: UInt64.self, at: layout.letterEnds + 8 * first, count: number + 1 - first
    ) { ends in
      let start = number == 0 ? 0 : ends[0].littleEndian
      return (Int(clamping: start), Int(clamping: ends[ends.count - 1].littleEndian))
    }
    guard range.0 <= range.1, range.1 <= layout.letters else {
      throw side.damage("the terms are not where they should be")
    }
    return try side.withSpan(at: layout.lettersStart + range.0, count: range.1 - range.0, body)
  }

  /// All terms.
  func termList() throws(EngineError) -> TermList {
    var list = TermList()
    for number in 0..<layout.terms {
      try withLetters(of: number) { letters in
        list.append(length: letters.count) { letters[$0] }
      }
    }
    return list
  }

  /// A term.
  func term(_ number: UInt32) throws(EngineError) -> String {
    guard Int(number) < layout.terms else { throw side.damage("a row has a term that is none") }
    return try withLetters(of: Int(number)) { letters in
      String(decoding: (0..<letters.count).map { letters[$0] }, as: UTF8.self)
    }
  }

  // MARK: The rows

  /// Lends what is kept of rows beside their terms, and where the terms of the first begin.
  func withHeads<R>(
    _ rows: Range<Int>,
    _ body: (Int, Span<UInt64>, Span<UInt32>, Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    var start = 0
    if rows.lowerBound > 0 {
      start = try side.withSpan(
        of: UInt64.self, at: layout.ends + 8 * (rows.lowerBound - 1), count: 1
      ) { Int(clamping: $0[0].littleEndian) }
    }
    return try side.withSpan(at: layout.ends + 8 * rows.lowerBound, count: rows.count) {
      (ends: Span<UInt64>) throws(EngineError) in
      try side.withSpan(at: layout.lengths + 4 * rows.lowerBound, count: rows.count) {
        (lengths: Span<UInt32>) throws(EngineError) in
        try side.withSpan(at: layout.questions + rows.lowerBound, count: rows.count) {
          (questions: Span<UInt8>) throws(EngineError) in
          try body(start, ends, lengths, questions)
        }
      }
    }
  }

  /// Lends the numbers and frequencies of entries.
  func withEntries<R>(
    _ start: Int, _ end: UInt64,
    _ body: (Span<UInt32>, Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let end = Int(clamping: end.littleEndian)
    guard start <= end, end <= layout.entries else {
      throw side.damage("the terms of a row are not where they should be")
    }
    return try side.withSpan(at: layout.numbers + 4 * start, count: end - start) {
      (numbers: Span<UInt32>) throws(EngineError) in
      try side.withSpan(at: layout.frequencies + start, count: end - start) {
        (frequencies: Span<UInt8>) throws(EngineError) in
        try body(numbers, frequencies)
      }
    }
  }

  /// The frequency of an entry, of which a byte is known.
  @inline(__always)
  func frequency(of entry: Int, _ byte: UInt8) throws(EngineError) -> UInt32 {
    byte == TermLayout.frequentMark ? try frequency(of: entry) : UInt32(byte)
  }

  /// The frequency of one that stands apart.
  private func frequency(of entry: Int) throws(EngineError) -> UInt32 {
    var low = 0
    var high = layout.frequent
    while low < high {
      let middle = (low + high) / 2
      let (found, frequency) = try side.withSpan(
        of: UInt64.self, at: layout.frequents + 16 * middle, count: 2
      ) { ($0[0].littleEndian, $0[1].littleEndian) }
      if found == UInt64(entry) { return UInt32(clamping: frequency) }
      if found < UInt64(entry) { low = middle + 1 } else { high = middle }
    }
    throw side.damage("a frequency is missing")
  }
}

/// Terms one after another.
struct TermList {
  private(set) var letters: [UInt8] = []
  private(set) var ends: [UInt64] = []

  var count: Int { ends.count }

  /// The languages that the terms are of.
  var languages: Languages {
    var languages: Languages = []
    for number in 0..<count { languages.insert(Languages(.ofTerm(self[number].first))) }
    return languages
  }

  mutating func append(length: Int, _ letter: (Int) -> UInt8) {
    for i in 0..<length { letters.append(letter(i)) }
    ends.append(UInt64(letters.count))
  }

  subscript(number: Int) -> ArraySlice<UInt8> {
    letters[(number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])]
  }
}
