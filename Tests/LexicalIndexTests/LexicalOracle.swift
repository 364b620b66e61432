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
    let rarities = Set(terms).map { term in
      let df = Double(rows.values.count { $0.terms.contains(term) })
      return (term: term, rarity: log(1 + (total - df + 0.5) / (df + 0.5)))
    }
    let best = rarities.reduce(0.0) { $0 + $1.rarity }
    var scores: [(id: UInt64, score: Double)] = []
    for (id, row) in rows where allowing(id) {
      let whole = context(of: id, row, rows)
      let shares = whole.reduce(0.0) { $0 + $1.share }
      let around = whole.map { other in
        let length = Double(other.terms.count)
        let isLong = !other.isRow && length > 2 * meanLength
        return (share: isLong ? other.share * 2 * meanLength / length : other.share, other.terms)
      }
      let length = around.reduce(0.0) { $0 + $1.share * Double($1.1.count) } / shares
      let norm = 1.2 * (1 - 0.75 + 0.75 * length / meanLength)
      let score = rarities.reduce(0.0) { sum, term in
        let tf = around.reduce(0.0) { sum, other in
          sum + other.share * Double(other.1.count { $0 == term.term })
        }
        return sum + term.rarity * tf / (tf + norm)
      }
      if score > 0 { scores.append((id, score / best)) }
    }
    return scores.sorted { $0.score == $1.score ? $0.id > $1.id : $0.score > $1.score }
  }

  /// A row and the four before and behind it in its session, with what each counts.
  private func context(
    of id: UInt64, _ row: Row, _ rows: [UInt64: Row]
  ) -> [(share: Double, terms: [String], isRow: Bool)] {
    guard let session = row.session else { return [(1, row.terms, true)] }
    let order = rows.filter { $0.value.user == row.user && $0.value.session == session }
      .keys.sorted()
    guard let place = order.firstIndex(of: id) else { return [] }
    return order.indices.compactMap { other in
      let share = [0: 1.0, 1: 0.5, 2: 0.4, 3: 0.3, 4: 0.2][abs(other - place)]
      return share.map { ($0, rows[order[other]]?.terms ?? [], other == place) }
    }
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

extension LexicalCollection {
  func upsert(id: UInt64, user: String, session: String?, terms: [String]) {
    upsert(LexicalRow(terms: terms), id: id, user: user, session: session)
  }
}

extension LexicalSnapshot {
  func matches(
    terms: [String], scope: LexicalScope, count: Int, allowing: ((UInt64) -> Bool)? = nil
  ) -> [LexicalMatch] {
    search(terms: terms, scope: scope, count: count, allowing: allowing).matches
  }
}
