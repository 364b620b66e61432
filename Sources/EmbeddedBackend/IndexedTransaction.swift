internal import GRDB
internal import LexicalIndex
internal import Records
internal import Retrieval
internal import VectorEngine

/// A transaction and the index as of exactly the state that it sees.
struct IndexedTransaction {
  private let transaction: Transaction
  private let view: DerivedIndex.View

  init(_ records: Transaction, _ view: DerivedIndex.View) {
    transaction = records
    self.view = view
  }
}

extension IndexedTransaction: MemorySearcher {
  var records: any MemoryReader { transaction }

  var indexedCounts: IndexedCounts {
    IndexedCounts(memories: view.terms.count, vectors: view.vectors?.count ?? 0)
  }

  func nearest(
    to vector: [Float], count: Int, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate] {
    guard let vectors = view.vectors else { return [] }
    let place = try Place(scope, transaction)
    var options = SearchOptions()
    options.ids = try keys(in: place, filter).map { IDSet($0) }
    // What has expired but is still in the index may be among the best: so many more are taken.
    let expired = options.ids == nil ? try expiredKeys(of: scope.user) : []
    let found = try vectors.search(
      vector, count: count + expired.count, in: place.searchScope, options)
    return Array(found.filter { !expired.contains($0.group) }.prefix(count).map(Self.candidate))
  }

  func similarities(
    of keys: [MemoryKey], to vector: [Float], in scope: Scope
  ) throws -> [MemoryKey: Double] {
    guard let vectors = view.vectors, !keys.isEmpty else { return [:] }
    let place = try Place(scope, transaction)
    let options = SearchOptions(ids: IDSet(keys.map { UInt64($0.rawValue) }))
    let found = try vectors.search(vector, count: keys.count, in: place.searchScope, options)
    return Dictionary(
      uniqueKeysWithValues: found.map(Self.candidate).map { ($0.key, $0.score) })
  }

  func matching(
    _ text: String, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate] {
    let place = try Place(scope, transaction)
    let allowed = try keys(in: place, filter).map(Set.init)
    let expired = allowed == nil ? try expiredKeys(of: scope.user) : []
    return view.terms.search(
      terms: TextAnalyzer.terms(of: text), scope: place.lexicalScope, count: .max,
      allowing: { allowed?.contains($0) ?? !expired.contains($0) }
    ).map { Candidate(key: MemoryKey(rawValue: Int64($0.id)), score: $0.score) }
  }

  func memories(_ keys: [MemoryKey], in scope: Scope) throws -> [MemoryKey: Memory] {
    guard !keys.isEmpty else { return [:] }
    var condition = try Place(scope, transaction).condition
    condition.add(
      "memories.id IN (\(keys.map { String($0.rawValue) }.joined(separator: ",")))")
    let rows = try Row.fetchAll(
      transaction.db, sql: "\(Memory.columns) WHERE \(condition.sql)",
      arguments: condition.arguments)
    return try Dictionary(
      uniqueKeysWithValues: rows.map { (MemoryKey(rawValue: $0["id"]), try Memory(row: $0)) })
  }

  /// The memories that a filter leaves, or nil when it leaves all.
  private func keys(in place: Place, _ filter: MemoryFilter) throws -> [UInt64]? {
    guard !filter.isEmpty else { return nil }
    var condition = place.condition
    condition.add("memories.superseded_by IS NULL")
    return try transaction.keys(condition, filter).map(UInt64.init)
  }

  /// What has expired by itself and was not yet swept away; nearly always nothing.
  private func expiredKeys(of user: UserID) throws -> Set<UInt64> {
    let keys = try Int64.fetchAll(
      transaction.db,
      sql: """
        SELECT memories.id FROM memories INDEXED BY memories_by_expiry
          JOIN users ON users.id = memories.user
        WHERE memories.expires_at IS NOT NULL AND memories.expires_at <= ? AND users.name = ?
        """, arguments: [transaction.now.milliseconds, user.description])
    return Set(keys.map(UInt64.init))
  }

  func coverage(of text: String, by pieces: [String], in scope: Scope) throws -> [Double] {
    let rarities = view.terms.rarities(
      of: TextAnalyzer.terms(of: text), scope: try Place(scope, transaction).lexicalScope)
    let total = rarities.values.reduce(0, +)
    guard total > 0 else { return pieces.map { _ in 0 } }
    return pieces.map { piece in
      Set(TextAnalyzer.terms(of: piece)).reduce(0) { $0 + (rarities[$1] ?? 0) } / total
    }
  }

  private static func candidate(_ neighbor: Neighbor) -> Candidate {
    Candidate(key: MemoryKey(rawValue: Int64(neighbor.group)), score: Double(neighbor.score))
  }
}

/// Where a search in a scope looks: the user's rows, or those of a session and of the sessions that
/// it goes on from.
private struct Place {
  let condition: Condition
  let searchScope: SearchScope
  let lexicalScope: LexicalScope

  init(_ scope: Scope, _ transaction: Transaction) throws {
    let user = scope.user.description
    guard scope.session != nil else {
      condition = .memories(in: scope, at: transaction.now)
      searchScope = .user(user)
      lexicalScope = .user(user)
      return
    }
    let sessions = try transaction.sessionAndPredecessors(in: scope)
    let names = sessions.map(\.description)
    condition = .memories(of: scope.user, in: sessions, at: transaction.now)
    searchScope = .sessions(names.map { RowScope(user: user, session: $0) })
    lexicalScope = .sessions(user: user, sessions: names)
  }
}
