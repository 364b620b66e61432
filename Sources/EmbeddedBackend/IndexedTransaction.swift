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
    var options = SearchOptions()
    options.ids = try keys(in: scope, filter).map { IDSet($0) }
    return try vectors.search(vector, count: count, in: Self.search(scope), options)
      .map(Self.candidate)
  }

  func similarities(
    of keys: [MemoryKey], to vector: [Float], in scope: Scope
  ) throws -> [MemoryKey: Double] {
    guard let vectors = view.vectors, !keys.isEmpty else { return [:] }
    let options = SearchOptions(ids: IDSet(keys.map { UInt64($0.rawValue) }))
    let found = try vectors.search(vector, count: keys.count, in: Self.search(scope), options)
    return Dictionary(
      uniqueKeysWithValues: found.map(Self.candidate).map { ($0.key, $0.score) })
  }

  func matching(
    _ text: String, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate] {
    let terms = TextAnalyzer.terms(of: text)
    let allowed = try keys(in: scope, filter).map(Set.init)
    return view.terms.search(
      terms: terms, scope: Self.lexical(scope), count: .max,
      allowing: allowed.map { allowed in { allowed.contains($0) } }
    ).map { Candidate(key: MemoryKey(rawValue: Int64($0.id)), score: $0.score) }
  }

  func memories(_ keys: [MemoryKey], in scope: Scope) throws -> [MemoryKey: Memory] {
    guard !keys.isEmpty else { return [:] }
    var condition = Condition.memories(in: scope)
    condition.add(
      "memories.id IN (\(keys.map { String($0.rawValue) }.joined(separator: ",")))")
    let rows = try Row.fetchAll(
      transaction.db, sql: "\(Memory.columns) WHERE \(condition.sql)",
      arguments: condition.arguments)
    return try Dictionary(
      uniqueKeysWithValues: rows.map { (MemoryKey(rawValue: $0["id"]), try Memory(row: $0)) })
  }

  /// The memories that a filter leaves, or nil when it leaves all.
  private func keys(in scope: Scope, _ filter: MemoryFilter) throws -> [UInt64]? {
    guard !filter.isEmpty else { return nil }
    var condition = Condition.memories(in: scope)
    condition.add(filter)
    return try Int64.fetchAll(
      transaction.db,
      sql: """
        SELECT memories.id FROM memories JOIN users ON users.id = memories.user
        WHERE \(condition.sql)
        """, arguments: condition.arguments
    ).map(UInt64.init)
  }

  func coverage(of text: String, by pieces: [String], in scope: Scope) throws -> [Double] {
    let rarities = view.terms.rarities(
      of: TextAnalyzer.terms(of: text), scope: Self.lexical(scope))
    let total = rarities.values.reduce(0, +)
    guard total > 0 else { return pieces.map { _ in 0 } }
    return pieces.map { piece in
      Set(TextAnalyzer.terms(of: piece)).reduce(0) { $0 + (rarities[$1] ?? 0) } / total
    }
  }

  private static func lexical(_ scope: Scope) -> LexicalScope {
    let user = scope.user.description
    return scope.session.map { .session(user: user, session: $0.description) } ?? .user(user)
  }

  private static func search(_ scope: Scope) -> SearchScope {
    let user = scope.user.description
    return scope.session.map { .session(user: user, session: $0.description) } ?? .user(user)
  }

  private static func candidate(_ neighbor: Neighbor) -> Candidate {
    Candidate(key: MemoryKey(rawValue: Int64(neighbor.group)), score: Double(neighbor.score))
  }
}
