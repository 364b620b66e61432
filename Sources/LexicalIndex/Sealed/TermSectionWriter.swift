import VectorEngine

/// Rows on their way into a section, one after another.
struct TermPiece {
  private(set) var lengths: [UInt32] = []
  private(set) var questions: [UInt8] = []
  /// How many distinct terms each row has.
  private(set) var counts: [UInt32] = []
  /// Ascending in each row.
  private(set) var numbers: [UInt32] = []
  private(set) var frequencies: [UInt32] = []

  mutating func begin(length: UInt32, questions share: UInt8) {
    lengths.append(length)
    questions.append(share)
    counts.append(0)
  }

  mutating func append(_ number: UInt32, _ frequency: UInt32) {
    numbers.append(number)
    frequencies.append(frequency)
    counts[counts.count - 1] += 1
  }
}

/// Writes the section of terms of a file.
///
/// The dictionary is in memory; rows are asked for plane by plane, so that of them there is never more
/// than a piece.
struct TermSectionWriter {
  typealias Output = (Span<UInt8>) throws(EngineError) -> Void
  /// Hands rows over from first to last, the same each time.
  typealias Rows = ((TermPiece) throws(EngineError) -> Void) throws(EngineError) -> Void

  private let layout: TermLayout
  private let terms: TermList
  private let rows: Rows

  /// - Parameter terms: in the order of their bytes; the rows' numbers count them.
  init(_ terms: TermList, _ rows: @escaping Rows) throws(EngineError) {
    var counts = (rows: 0, entries: 0, frequent: 0)
    try rows { piece in
      counts.rows += piece.lengths.count
      counts.entries += piece.numbers.count
      counts.frequent += piece.frequencies.count { $0 >= UInt32(TermLayout.frequentMark) }
    }
    guard
      let layout = TermLayout(
        rows: counts.rows, terms: terms.count, letters: terms.letters.count,
        entries: counts.entries, frequent: counts.frequent, languages: terms.languages)
    else { throw EngineError(.invalidArgument, "There are too many terms for one file.") }
    self.layout = layout
    self.terms = terms
    self.rows = rows
  }

  var sections: SideSections {
    [
      TermLayout.name: SideContent(length: layout.length) {
        [self] (output) throws(EngineError) in
        try output(layout.header.span)
        try writeDictionary(output)
        try writeHeads(output)
        try writeEntries(output)
      }
    ]
  }

  private func writeDictionary(_ output: Output) throws(EngineError) {
    var prefixes: [UInt8] = []
    var ends: [UInt8] = []
    for number in 0..<terms.count {
      prefixes.append(little: TermBytes.prefix(terms[number]))
      ends.append(little: terms.ends[number])
    }
    try output(prefixes.span)
    try output(ends.span)
    try output(terms.letters.span)
    try pad(terms.letters.count, output)
  }

  private func writeHeads(_ output: Output) throws(EngineError) {
    var end: UInt64 = 0
    try plane(output) { piece, bytes in
      for count in piece.counts {
        end += UInt64(count)
        bytes.append(little: end)
      }
    }
    try plane(output) { piece, bytes in for length in piece.lengths { bytes.append(little: length) }
    }
    try plane(output) { piece, bytes in bytes += piece.questions }
  }

  private func writeEntries(_ output: Output) throws(EngineError) {
    try plane(output) { piece, bytes in for number in piece.numbers { bytes.append(little: number) }
    }
    let mark = UInt32(TermLayout.frequentMark)
    try plane(output) { piece, bytes in
      bytes += piece.frequencies.map { UInt8($0 < mark ? $0 : mark) }
    }
    var entry: UInt64 = 0
    try plane(output) { piece, bytes in
      for frequency in piece.frequencies {
        if frequency >= mark {
          bytes.append(little: entry)
          bytes.append(little: UInt64(frequency))
        }
        entry += 1
      }
    }
  }

  private func plane(
    _ output: Output, _ encode: (TermPiece, inout [UInt8]) -> Void
  ) throws(EngineError) {
    var length = 0
    var bytes: [UInt8] = []
    try rows { (piece) throws(EngineError) in
      bytes.removeAll(keepingCapacity: true)
      encode(piece, &bytes)
      length += bytes.count
      try output(bytes.span)
    }
    try pad(length, output)
  }

  private func pad(_ length: Int, _ output: Output) throws(EngineError) {
    let zeros = [UInt8](repeating: 0, count: TermLayout.padded(length) - length)
    try output(zeros.span)
  }
}
