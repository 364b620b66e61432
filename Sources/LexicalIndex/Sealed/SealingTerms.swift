import VectorEngine

/// How many rows are in hand at a time.
private let rowsOfPiece = 4096

extension LexicalCollection {
  /// The terms of rows of this collection as the section of the file that they are about to be sealed in.
  ///
  /// - Throws: `corrupt` when a row is not here.
  package func sections(of draft: SegmentDraft) throws(EngineError) -> SideSections {
    let (rows, terms) = stored(draft.ids)
    var known: [(terms: RowTerms, id: UInt64)] = []
    known.reserveCapacity(rows.count)
    for (row, id) in zip(rows, draft.ids) {
      guard let row else {
        throw EngineError(.corrupt, "The terms of the row \(id) are missing.")
      }
      known.append((row, id))
    }
    // Numbers of the collection tell when a term was first seen; those of a file its place among all.
    let used = Set(known.lazy.flatMap(\.terms.numbers))
    let sorted = used.map { (number: $0, letters: TermBytes.of(terms[Int($0)])) }
      .sorted { $0.letters.lexicographicallyPrecedes($1.letters) }
    var list = TermList()
    var places = [UInt32](repeating: 0, count: terms.count)
    for (place, term) in sorted.enumerated() {
      places[Int(term.number)] = UInt32(place)
      list.append(length: term.letters.count) { term.letters[$0] }
    }
    return try TermSectionWriter(list) { [places, known] (body) throws(EngineError) in
      for start in stride(from: 0, to: known.count, by: rowsOfPiece) {
        var piece = TermPiece()
        for row in known[start..<min(start + rowsOfPiece, known.count)] {
          piece.append(row.terms, places)
        }
        try body(piece)
      }
    }.sections
  }
}

extension TermPiece {
  fileprivate mutating func append(_ row: RowTerms, _ places: [UInt32]) {
    begin(length: UInt32(row.length), questions: row.questions)
    let entries = zip(row.numbers, row.frequencies).map { (places[Int($0)], $1) }
    for (number, frequency) in entries.sorted(by: { $0.0 < $1.0 }) { append(number, frequency) }
  }
}

/// The terms of a file that is merged from others.
package enum MergedTerms {
  /// Makes the section of a file from those of the files that its rows come from.
  ///
  /// - Complexity: O(terms of the rows); in memory the dictionaries.
  /// - Throws: `corrupt`, also when a file has no terms.
  package static func sections(of draft: SegmentDraft) throws(EngineError) -> SideSections {
    var inputs: [MergeInput] = []
    var origins: [(input: Int, rows: Range<Int>)] = []
    for origin in draft.origins {
      guard let segment = origin.segment else {
        throw EngineError(.corrupt, "The terms of rows that are merged are not in a file.")
      }
      var place = inputs.firstIndex { $0.section.segment.name == segment.name }
      if place == nil {
        inputs.append(try MergeInput(segment))
        place = inputs.count - 1
      }
      origins.append((place ?? 0, origin.rows))
    }
    for origin in origins { try inputs[origin.input].markUsed(origin.rows) }
    for input in inputs { input.section.segment.release() }
    let terms = merge(&inputs)
    return try TermSectionWriter(terms) { [origins, inputs] (body) throws(EngineError) in
      var read = 0
      for origin in origins {
        let input = inputs[origin.input]
        for start in stride(
          from: origin.rows.lowerBound, to: origin.rows.upperBound, by: rowsOfPiece)
        {
          let rows = start..<min(start + rowsOfPiece, origin.rows.upperBound)
          try body(input.piece(rows))
        }
        read += origin.rows.count
        if read > 65_536 {
          for input in inputs { input.section.segment.release() }
          read = 0
        }
      }
    }.sections
  }

  /// Brings the used terms of all into one order, and notes the new number of each.
  private static func merge(_ inputs: inout [MergeInput]) -> TermList {
    var list = TermList()
    for i in inputs.indices { inputs[i].skipUnused() }
    while true {
      var least: ArraySlice<UInt8>?
      for input in inputs {
        guard let term = input.next else { continue }
        if least.map({ term.lexicographicallyPrecedes($0) }) ?? true { least = term }
      }
      guard let least else { return list }
      let letters = Array(least)
      for i in inputs.indices where inputs[i].next.map({ $0.elementsEqual(letters) }) ?? false {
        inputs[i].takeNext(UInt32(list.count))
      }
      list.append(length: letters.count) { letters[$0] }
    }
  }
}

/// A file that is merged, and what becomes of its terms.
private struct MergeInput {
  let section: TermSection
  private let terms: TermList
  private var isUsed: [Bool]
  /// The new number of each term that is used.
  private var places: [UInt32]
  private var position = 0

  init(_ segment: SealedSegment) throws(EngineError) {
    section = try TermSection(segment)
    terms = try section.termList()
    isUsed = Array(repeating: false, count: terms.count)
    places = Array(repeating: 0, count: terms.count)
  }

  mutating func markUsed(_ rows: Range<Int>) throws(EngineError) {
    var used = isUsed
    isUsed = []
    let side = section.side
    try section.withHeads(rows) { (start, ends, _, _) throws(EngineError) in
      try section.withEntries(start, ends[ends.count - 1]) { (numbers, _) throws(EngineError) in
        for i in numbers.indices {
          let number = Int(numbers[i].littleEndian)
          guard number < used.count else { throw side.damage("a row has a term that is none") }
          used[number] = true
        }
      }
    }
    isUsed = used
  }

  /// The next used term in the order of bytes.
  var next: ArraySlice<UInt8>? { position < terms.count ? terms[position] : nil }

  mutating func takeNext(_ number: UInt32) {
    places[position] = number
    position += 1
    skipUnused()
  }

  mutating func skipUnused() {
    while position < terms.count, !isUsed[position] { position += 1 }
  }

  /// Rows with their new numbers, which ascend as the old ones did.
  func piece(_ rows: Range<Int>) throws(EngineError) -> TermPiece {
    var piece = TermPiece()
    try section.forEachRow(rows) { (length, questions, entries) in
      piece.begin(length: length, questions: questions)
      for entry in entries { piece.append(places[Int(entry.number)], entry.frequency) }
    }
    return piece
  }
}

extension TermSection {
  /// Shows what is kept of each of some rows.
  ///
  /// - Throws: `corrupt`.
  func forEachRow(
    _ rows: Range<Int>,
    _ body: (UInt32, UInt8, [(number: UInt32, frequency: UInt32)]) throws(EngineError) -> Void
  ) throws(EngineError) {
    try withHeads(rows) { (start, ends, lengths, questions) throws(EngineError) in
      try withEntries(start, ends[ends.count - 1]) { (numbers, frequencies) throws(EngineError) in
        var position = 0
        var entries: [(number: UInt32, frequency: UInt32)] = []
        for row in ends.indices {
          entries.removeAll(keepingCapacity: true)
          let end = Int(clamping: ends[row].littleEndian) - start
          guard position <= end, end <= numbers.count else {
            throw side.damage("the terms of a row are not where they should be")
          }
          for entry in position..<end {
            let number = numbers[entry].littleEndian
            guard Int(number) < layout.terms else {
              throw side.damage("a row has a term that is none")
            }
            entries.append((number, try frequency(of: start + entry, frequencies[entry])))
          }
          position = end
          try body(lengths[row].littleEndian, questions[row], entries)
        }
      }
    }
  }
}
