import VectorEngine

/// Looks through what is kept of rows in files, for who compares it with the texts.
package enum SealedTerms {
  /// What the index keeps of a row.
  package struct Content: Hashable, Sendable {
    /// How often the row has each of its terms.
    package var frequencies: [String: Int]
    /// In 255ths; see `QuestionShare`.
    package var questions: UInt8

    /// What is kept of a text.
    package init(_ text: String) {
      let row = LexicalRow(text)
      frequencies = row.terms.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      questions = RowTerms(numbers: [], questionShare: row.questionShare).questions
    }

    fileprivate init(_ frequencies: [String: Int], _ questions: UInt8) {
      self.frequencies = frequencies
      self.questions = questions
    }
  }

  /// Checks that the section of a file is what it should be, whatever the texts.
  ///
  /// - Throws: `corrupt`.
  package static func check(_ segment: SealedSegment) throws(EngineError) {
    let section = try TermSection(segment)
    let terms = try section.termList()
    for number in 0..<max(0, terms.count - 1)
    where !terms[number].lexicographicallyPrecedes(terms[number + 1]) {
      throw section.side.damage("the terms are not in order")
    }
    for start in stride(from: 0, to: segment.rowCount, by: rowsOfStep) {
      let rows = start..<min(start + rowsOfStep, segment.rowCount)
      try section.forEachRow(rows) { (length, _, entries) throws(EngineError) in
        let isAscending = zip(entries, entries.dropFirst()).allSatisfy { $0.number < $1.number }
        guard isAscending, length == entries.reduce(0, { $0 &+ $1.frequency }),
          entries.allSatisfy({ $0.frequency > 0 })
        else { throw section.side.damage("the terms of a row are damaged") }
      }
    }
  }

  private static let rowsOfStep = 2048

  /// Shows what is kept of the rows of a file that are not deleted, some at a time.
  ///
  /// - Throws: `corrupt`; what the body throws.
  package static func forEachStep(
    of segment: SealedSegment, _ body: ([(id: UInt64, content: Content)]) throws -> Void
  ) throws {
    let section = try TermSection(segment)
    for start in stride(from: 0, to: segment.rowCount, by: rowsOfStep) {
      let rows = start..<min(start + rowsOfStep, segment.rowCount)
      let ids = try segment.withIDs(rows) { ids in (0..<ids.count).map { ids[$0] } }
      var step: [(id: UInt64, content: Content)] = []
      var row = 0
      try section.forEachRow(rows) { (_, questions, entries) throws(EngineError) in
        defer { row += 1 }
        guard !segment.isDeleted(start + row) else { return }
        var frequencies: [String: Int] = [:]
        for entry in entries { frequencies[try section.term(entry.number)] = Int(entry.frequency) }
        step.append((ids[row], Content(frequencies, questions)))
      }
      try body(step)
    }
  }
}

extension LexicalCollection {
  /// What is kept of rows, each nil when there is none.
  package func contents(of ids: [UInt64]) -> [SealedTerms.Content?] {
    let (rows, terms) = stored(ids)
    return rows.map { row in
      row.map { row in
        SealedTerms.Content(
          Dictionary(
            uniqueKeysWithValues: zip(row.numbers, row.frequencies).map {
              (terms[Int($0)], Int($1))
            }), row.questions)
      }
    }
  }
}
