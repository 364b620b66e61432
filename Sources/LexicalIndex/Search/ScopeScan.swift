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

  /// A neighbour counts as no more than one of so many times the mean length: a long one says much that
  /// is not about what stands beside it.
  private static let longestNeighbor = 2.0

  /// The best rows, in the order of results.
  func best(
    _ count: Int, holdingTerms: Bool, by weights: TermWeights, allowing: ((UInt64) -> Bool)?
  ) -> [LexicalMatch] {
    var best = BestMatches(count: min(count, rows.count))
    var window = ScoreWindow(weights, longest: Self.longestNeighbor * weights.meanLength)
    let rows = self.rows.span
    let reach = ScoreWindow.reach
    var first = 0
    for section in sections {
      defer { first = section.end }
      // How many rows within reach hold a term; without any there is nothing to be scored.
      var holding = 0
      for row in first..<section.end {
        if section.isSession {
          let from = row == first ? first : row + reach
          for entering in from..<max(from, min(row + reach + 1, section.end)) {
            holding += rows[entering].holdsTerm ? 1 : 0
          }
          let leaving = row - reach - 1
          if leaving >= first { holding -= rows[leaving].holdsTerm ? 1 : 0 }
        } else {
          holding = rows[row].holdsTerm ? 1 : 0
        }
        guard holding > 0, rows[row].holdsTerm || !holdingTerms,
          allowing?(rows[row].id) ?? true
        else { continue }
        let session = section.isSession ? first..<section.end : row..<row + 1
        if !window.holds(row, of: session) { fill(&window, from: row, of: session) }
        best.offer(LexicalMatch(id: rows[row].id, score: window.score(of: row)))
      }
    }
    return best.sorted()
  }

  /// Makes the window one of rows of a session, from what a row needs on.
  private func fill(_ window: inout ScoreWindow, from row: Int, of session: Range<Int>) {
    let rows = self.rows.span
    let findings = self.findings.span
    for other in window.begin(from: row, of: session) {
      let read = rows[other]
      window.set(length: read.length, of: other)
      for position in read.start..<read.end {
        let finding = findings[Int(position)]
        window.add(finding.rank, finding.frequency, to: other)
      }
    }
  }

  /// The score of a row; 0 when neither it nor those around it hold a term.
  ///
  /// - Parameters:
  ///   - session: the rows that may count with it.
  ///   - frequencies: a 0 for each rank, and so again afterwards.
  func score(
    of row: Int, in session: Range<Int>, by weights: TermWeights, _ frequencies: inout [Double]
  ) -> Double {
    let reach = ScoreWindow.reach
    let near = max(session.lowerBound, row - reach)..<min(session.upperBound, row + reach + 1)
    let length = gather(near, around: row, weights.meanLength, &frequencies)
    return weights.score(of: &frequencies, norm: weights.norm(length: length))
  }

  /// Sums what a row and those around it hold of each term; returns how long they are in the mean.
  private func gather(
    _ near: Range<Int>, around row: Int, _ mean: Double, _ frequencies: inout [Double]
  ) -> Double {
    let rows = self.rows.span
    let findings = self.findings.span
    var length = 0.0
    var whole = 0.0
    for other in near {
      let neighbour = rows[other]
      var share = ScoreWindow.context[abs(other - row)]
      whole += share
      let longest = Self.longestNeighbor * mean
      if other != row, Double(neighbour.length) > longest {
        share *= longest / Double(neighbour.length)
      }
      length += share * Double(neighbour.length)
      for position in neighbour.start..<neighbour.end {
        let finding = findings[Int(position)]
        frequencies[Int(finding.rank)] += share * Double(finding.frequency)
      }
    }
    return length / whole
  }
}
