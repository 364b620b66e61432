import VectorEngine

/// Finds the query's terms in the rows of a scope, and scores the rows that hold one or stand beside one.
///
/// Scores need the number of rows that hold a term, which is known only after the last row. So the
/// rows are read once, what was found in them is noted, and only the notes are gone through again.
struct ScopeScan {
  struct Row {
    let id: UInt64
    let length: UInt32
    /// Which share of it asks, in 255ths.
    let questions: UInt8
    /// Where what was found in the row begins and ends.
    let start: UInt32
    let end: UInt32

    var holdsTerm: Bool { end > start }
  }

  /// The rows of one session in the order of their ids, or all that have none.
  struct Section {
    /// Where its rows end; they begin where those of the section before end.
    let end: Int
    let isSession: Bool
  }

  private struct Finding {
    let rank: UInt32
    var frequency: UInt32
  }

  /// The living rows of the scope.
  private(set) var rows: [Row] = []
  private(set) var sections: [Section] = []
  private var findings: [Finding] = []
  /// How many living rows hold each term of the query, by rank.
  private(set) var rowsWithTerm: [Int]

  /// What BM25 has to know of these rows.
  private(set) var totals = RowTotals()

  /// How many terms the query has.
  let rankCount: Int

  init(rankCount: Int) {
    self.rankCount = rankCount
    rowsWithTerm = Array(repeating: 0, count: rankCount)
  }

  /// Notes what the living rows of a session hold of the query.
  mutating func read(_ session: SessionRows, _ query: QueryTerms) {
    readPart(session, query)
    endSection(isSession: session.session != nil)
  }

  /// The same, when more rows of the session follow from elsewhere.
  mutating func readPart(_ session: SessionRows, _ query: QueryTerms) {
    for chunk in session.chunks { read(chunk, query) }
  }

  /// Says that the rows since the last section are all that the session has.
  mutating func endSection(isSession: Bool) {
    let first = sections.last?.end ?? 0
    guard rows.count > first else { return }
    // Rows are stored in the order of their writing, which is that of their ids until one is changed.
    let isAscending = (first + 1..<max(first + 1, rows.count)).allSatisfy {
      rows[$0 - 1].id < rows[$0].id
    }
    if !isAscending { rows[first...].sort { $0.id < $1.id } }
    sections.append(Section(end: rows.count, isSession: isSession))
  }

  private mutating func read(_ chunk: RowChunk, _ query: QueryTerms) {
    let heads = chunk.heads.span
    let questions = chunk.questions.span
    let numbers = chunk.numbers.span
    let frequencies = chunk.frequencies.span
    var start = 0
    for row in heads.indices {
      let head = heads[row]
      let end = Int(head.end)
      defer { start = end }
      if chunk.isDead(row) { continue }
      let before = findings.count
      for position in start..<end {
        guard let rank = query.rank(of: numbers[position]) else { continue }
        note(rank, frequencies[position], since: before, query)
      }
      totals.add(length: Int(head.length))
      rows.append(
        Row(
          id: head.id, length: head.length, questions: questions[row], start: UInt32(before),
          end: UInt32(findings.count)))
    }
  }

  /// Notes that a row, whose findings begin at a place, holds a word. Terms that stand for one word count
  /// as one.
  @inline(__always)
  private mutating func note(
    _ rank: UInt32, _ frequency: UInt32, since first: Int, _ query: QueryTerms
  ) {
    if query.hasSynonyms, let known = findings[first...].firstIndex(where: { $0.rank == rank }) {
      findings[known].frequency += frequency
      return
    }
    rowsWithTerm[Int(rank)] += 1
    findings.append(Finding(rank: rank, frequency: frequency))
  }

  /// Notes what the living rows among some of a sealed file hold of the query.
  ///
  /// - Throws: `corrupt`.
  mutating func read(
    _ range: Range<Int>, of section: TermSection, _ query: QueryTerms
  ) throws(EngineError) {
    try section.segment.withIDs(range) { (ids) throws(EngineError) in
      try section.withHeads(range) { (start, ends, lengths, questions) throws(EngineError) in
        try section.withEntries(start, ends[ends.count - 1]) {
          (numbers, frequencies) throws(EngineError) in
          let hasDeleted = section.segment.hasDeletedRows
          var position = 0
          for row in ids.indices {
            let end = Int(clamping: ends[row].littleEndian) - start
            guard position <= end, end <= numbers.count else {
              throw section.side.damage("the terms of a row are not where they should be")
            }
            defer { position = end }
            if hasDeleted, section.segment.isDeleted(range.lowerBound + row) { continue }
            let before = findings.count
            for entry in position..<end {
              guard let rank = query.rank(of: numbers[entry].littleEndian) else { continue }
              let frequency = try section.frequency(of: start + entry, frequencies[entry])
              note(rank, frequency, since: before, query)
            }
            let length = lengths[row].littleEndian
            totals.add(length: Int(length))
            rows.append(
              Row(
                id: ids[row], length: length, questions: questions[row], start: UInt32(before),
                end: UInt32(findings.count)))
          }
        }
      }
    }
  }

  /// Which share of the query the terms are that any of some rows holds.
  ///
  /// - Parameter marks: a 0 for each rank, and so again afterwards.
  func share(of range: Range<Int>, by weights: TermWeights, _ marks: inout [Double]) -> Double {
    for row in range {
      for position in rows[row].start..<rows[row].end {
        marks[Int(findings[Int(position)].rank)] = 1
      }
    }
    return weights.share(of: &marks)
  }

  // MARK: Scores

  /// The best rows, in the order of results.
  ///
  /// - Parameter scores: of all rows.
  func best(
    _ count: Int, holdingTerms: Bool, _ scores: [Double], allowing: ((UInt64) -> Bool)?
  ) -> [LexicalMatch] {
    var best = BestMatches(count: count, offers: rows.count)
    let rows = self.rows.span
    let scores = scores.span
    for row in rows.indices where scores[row] > 0 {
      guard rows[row].holdsTerm || !holdingTerms, allowing?(rows[row].id) ?? true else { continue }
      best.offer(LexicalMatch(id: rows[row].id, score: scores[row]))
    }
    return best.sorted()
  }

  /// The score of each row; 0 when neither it nor those around it hold a term.
  func scores(by weights: TermWeights) -> [Double] {
    var scores: [Double] = []
    scores.reserveCapacity(rows.count)
    var block = ScoredRows(rankCount: rankCount)
    var first = 0
    for section in sections {
      defer { first = section.end }
      for start in stride(from: first, to: section.end, by: ScoredRows.capacity) {
        let rows = start..<min(start + ScoredRows.capacity, section.end)
        note(rows, of: section.isSession ? first..<section.end : nil, weights.meanLength, &block)
        block.take(rows.count, by: weights, into: &scores)
      }
    }
    return scores
  }

  /// Notes what rows and those around them hold.
  ///
  /// - Parameter session: the rows that count with each other; nil where each stands alone.
  private func note(
    _ block: Range<Int>, of session: Range<Int>?, _ mean: Double, _ noted: inout ScoredRows
  ) {
    let rows = self.rows.span
    let findings = self.findings.span
    guard let session else {
      for row in block {
        noted.begin(alone: row - block.lowerBound, length: rows[row].length)
        for position in Int(rows[row].start)..<Int(rows[row].end) {
          noted.add(alone: findings[position].rank, findings[position].frequency)
        }
      }
      return
    }
    let reach = ScoredRows.reach
    let near =
      max(
        session.lowerBound, block.lowerBound - reach)..<min(
        session.upperBound, block.upperBound + reach)
    for row in near {
      noted.begin(row - block.lowerBound, length: rows[row].length, mean)
      for position in Int(rows[row].start)..<Int(rows[row].end) {
        noted.add(findings[position].rank, findings[position].frequency)
      }
    }
    for row in block {
      noted.surround(
        row - block.lowerBound, before: row - session.lowerBound,
        behind: session.upperBound - 1 - row)
    }
  }
}
