/// Finds the query's terms in the rows of a scope, and scores the rows that hold one.
///
/// Scores need the number of rows that hold a term, which is known only after the last row. So the
/// rows are read once, what was found in them is noted, and only the notes are gone through again.
struct ScopeScan {
  private struct Row {
    let id: UInt64
    let length: UInt32
    /// Where the row's findings end; they begin where those of the row before end.
    let end: Int
  }

  private struct Finding {
    let rank: UInt32
    let frequency: UInt32
  }

  private let query: QueryTerms
  private var rows: [Row] = []
  private var findings: [Finding] = []
  /// How many living rows hold each term of the query, by rank.
  private(set) var rowsWithTerm: [Int]

  init(_ query: QueryTerms) {
    self.query = query
    rowsWithTerm = Array(repeating: 0, count: query.rankCount)
  }

  /// Notes what the living rows of a chunk hold of the query.
  mutating func read(_ chunk: RowChunk) {
    // Of its own, so that noting a finding does not make the loop load the query anew.
    let query = self.query
    let heads = chunk.heads.span
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
        rowsWithTerm[Int(rank)] += 1
        findings.append(Finding(rank: rank, frequency: frequencies[position]))
      }
      if findings.count > before {
        rows.append(Row(id: head.id, length: head.length, end: findings.count))
      }
    }
  }

  /// The best rows, in the order of results.
  consuming func best(
    _ count: Int, by weights: TermWeights, allowing: ((UInt64) -> Bool)?
  ) -> [LexicalMatch] {
    var best = BestMatches(count: min(count, rows.count))
    // Findings come in the order of the terms' numbers, which is a matter of chance, and are summed
    // in that of the ranks; a term that the row does not hold adds nothing.
    var parts = [Double](repeating: 0, count: query.rankCount)
    var start = 0
    for row in rows {
      defer { start = row.end }
      if let allowing, !allowing(row.id) { continue }
      let norm = weights.norm(length: row.length)
      for position in start..<row.end {
        let finding = findings[position]
        let rank = Int(finding.rank)
        parts[rank] = weights.score(rank: rank, frequency: finding.frequency, norm: norm)
      }
      var score = 0.0
      for rank in parts.indices {
        score += parts[rank]
        parts[rank] = 0
      }
      best.offer(LexicalMatch(id: row.id, score: score))
    }
    return best.sorted()
  }
}
