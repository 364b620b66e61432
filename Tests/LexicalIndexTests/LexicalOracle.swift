import Foundation
import LexicalIndex

/// Rows in a dictionary, and BM25 as it is written in a book: nothing shared with the index.
struct LexicalOracle {
  struct Row {
    var user: String
    var session: String?
    var terms: [String]
  }

  var rows: [UInt64: Row] = [:]

  func rows(in scope: LexicalScope) -> [UInt64: Row] {
    rows.filter { _, row in
      switch scope {
      case .user(let user): row.user == user
      case .session(let user, let session): row.user == user && row.session == session
      case .sessions(let user, let sessions):
        row.user == user && row.session.map { sessions.contains($0) } == true
      }
    }
  }

  /// All matches of a scope, the best first, equal scores by id.
  func search(
    terms: [String], scope: LexicalScope, allowing: (UInt64) -> Bool = { _ in true }
  ) -> [(id: UInt64, score: Double)] {
    let rows = rows(in: scope)
    let total = Double(rows.count)
    let meanLength = rows.values.reduce(0.0) { $0 + Double($1.terms.count) } / total
    var scores: [UInt64: Double] = [:]
    for term in Set(terms) {
      let holding = rows.filter { $0.value.terms.contains(term) }
      let df = Double(holding.count)
      let idf = log(1 + (total - df + 0.5) / (df + 0.5))
      for (id, row) in holding where allowing(id) {
        let tf = Double(row.terms.filter { $0 == term }.count)
        let norm = 1.2 * (1 - 0.75 + 0.75 * Double(row.terms.count) / meanLength)
        scores[id, default: 0] += idf * tf * 2.2 / (tf + norm)
      }
    }
    return scores.map { (id: $0.key, score: $0.value) }
      .sorted { $0.score == $1.score ? $0.id < $1.id : $0.score > $1.score }
  }

  /// What is wrong with an answer, or nil: scores within 1e-9 of these, ids in the same order
  /// except where scores are too close to tell which is the greater.
  func objection(
    to found: [LexicalMatch], terms: [String], scope: LexicalScope, count: Int,
    allowing: (UInt64) -> Bool = { _ in true }
  ) -> String? {
    let all = search(terms: terms, scope: scope, allowing: allowing)
    let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.score) })
    if found.count != min(count, all.count) { return "\(found.count) of \(all.count) matches" }
    if Set(found.map(\.id)).count != found.count { return "an id twice" }
    for (rank, match) in found.enumerated() {
      guard let score = byID[match.id] else { return "\(match.id) does not match" }
      if abs(match.score - score) > 1e-9 * score { return "\(match.id): \(match.score), \(score)" }
      let expected = all[rank]
      if match.id != expected.id, abs(score - expected.score) > 1e-12 {
        return "\(match.id) in the place of \(expected.id)"
      }
      if rank > 0, !LexicalMatch.isBefore(found[rank - 1], match) { return "out of order" }
    }
    return nil
  }
}
