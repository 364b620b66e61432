internal import GRDB
internal import LexicalIndex
internal import Records
internal import Retrieval
internal import VectorEngine

/// A transaction and the index as of exactly the state that it sees.
struct IndexedTransaction {
  let transaction: Transaction
  private let view: DerivedIndex.View
  private let filtered = FilteredKeys()
  private let scored = ScopeScores()

  init(_ records: Transaction, _ view: DerivedIndex.View) {
    transaction = records
    self.view = view
  }

  /// What filters have left in this transaction: a search by meaning and by word asks twice.
  private final class FilteredKeys {
    struct Question: Hashable {
      let scope: Scope
      let filter: MemoryFilter
    }

    var answers: [Question: [Int64]] = [:]
    var expired: [UserID: Set<UInt64>] = [:]
  }
}

extension IndexedTransaction: MemorySearcher {
  var records: any MemoryReader { transaction }

  var indexedCounts: IndexedCounts {
    IndexedCounts(memories: view.memories, vectors: view.embeddedMemories)
  }

  func nearest(
    to vector: [Float], count: Int, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate] {
    guard let vectors = view.vectors else { return [] }
    let place = try Place(scope, transaction)
    if filter.isEmpty {
      if let found = try scored.nearest(
        to: vector, count: count, in: scope, place.searchScope, vectors,
        leavingOut: try expiredKeys(of: scope.user))
      {
        return found
      }
    }
    var options = SearchOptions()
    if filter.isTimeRange {
      guard let range = filter.milliseconds else { return [] }
      options.times = range
    } else if let keys = try keys(in: scope, place, filter) {
      options.ids = IDSet(try view.rows(of: keys))
    }
    // What has expired but is still in the index may be among the best: so many more are taken.
    let expired = options.ids == nil ? try expiredKeys(of: scope.user) : []
    let found = try vectors.search(
      vector, count: count + expired.count, in: place.searchScope, options)
    return Array(found.filter { !expired.contains($0.group) }.prefix(count).map(candidate))
  }

  func similarities(
    of keys: [MemoryKey], to vector: [Float], in scope: Scope
  ) throws -> [Candidate] {
    guard let vectors = view.vectors, !keys.isEmpty else { return [] }
    if let known = scored.similarities(of: keys, to: vector, in: scope) { return known }
    let place = try Place(scope, transaction)
    let options = SearchOptions(ids: IDSet(try view.rows(of: keys.map(\.rawValue))))
    return try vectors.search(vector, count: keys.count, in: place.searchScope, options)
      .map(candidate)
  }

  func spans(of candidates: [Candidate], in scope: Scope) throws -> [MemoryKey: TextSpan] {
    guard !candidates.isEmpty else { return [:] }
    let rows = try candidates.map {
      String(try PassageRow(memory: $0.key.rawValue, passage: $0.passage).id)
    }
    // The ids are one value, so that the statement is the same each time and compiled once. CROSS JOIN
    // makes them the first that is looked at; left alone SQLite goes through all rows of the user.
    let found = try Row.fetchCursor(
      try transaction.db.cachedStatement(
        sql: """
          SELECT embeddings.memory, embeddings.span_start, embeddings.span_end
          FROM json_each(?) AS wanted
            CROSS JOIN embeddings ON embeddings.id = wanted.value
            CROSS JOIN memories ON memories.id = embeddings.memory
            CROSS JOIN users ON users.id = memories.user
          WHERE users.name = ?
          """),
      arguments: ["[\(rows.joined(separator: ","))]", scope.user.description])
    var spans: [MemoryKey: TextSpan] = [:]
    while let row = try found.next() {
      spans[MemoryKey(rawValue: row[0])] = TextSpan(start: row[1], end: row[2])
    }
    return spans
  }

  func matching(
    _ text: String, count: Int, holdingWords: Bool, in scope: Scope, _ filter: MemoryFilter
  ) throws -> WordMatches {
    let place = try Place(scope, transaction)
    let allowed = try keys(in: scope, place, filter).map { Set($0.map(UInt64.init)) }
    let expired = allowed == nil ? try expiredKeys(of: scope.user) : []
    let ranking = try view.withTerms { (terms) throws(EngineError) in
      try terms.search(
        LexicalQuery(text), scope: place.lexicalScope, count: count,
        holdingTerms: holdingWords,
        allowing: allowed == nil && expired.isEmpty
          ? nil : { allowed?.contains($0) ?? !expired.contains($0) })
    }
    return WordMatches(
      candidates: ranking.matches.map {
        Candidate(key: MemoryKey(rawValue: Int64($0.id)), score: $0.score)
      }
    ) { keys in
      ranking.places(of: keys.map { UInt64($0.rawValue) }).map { $0.map(MemoryPlace.init) }
    }
  }

  func memories(_ keys: [MemoryKey], in scope: Scope) throws -> [MemoryKey: Memory] {
    guard !keys.isEmpty else { return [:] }
    let condition = try Place(scope, transaction).condition
    let list = keys.map { String($0.rawValue) }.joined(separator: ",")
    let rows = try StoredMemory.fetchCursor(
      try transaction.db.cachedStatement(
        sql: """
          SELECT \(Memory.columns) FROM json_each(?) AS wanted
            CROSS JOIN memories ON memories.id = wanted.value
            CROSS JOIN users ON users.id = memories.user
          WHERE \(condition.sql)
          """), arguments: ["[\(list)]"] + condition.arguments)
    var memories = [MemoryKey: Memory](minimumCapacity: keys.count)
    while let row = try rows.next() { memories[row.key] = try row.memory() }
    return memories
  }

  /// The memories that a filter leaves, or nil when it leaves all.
  private func keys(
    in scope: Scope, _ place: Place, _ filter: MemoryFilter
  ) throws -> [Int64]? {
    guard !filter.isEmpty else { return nil }
    let question = FilteredKeys.Question(scope: scope, filter: filter)
    if let known = filtered.answers[question] { return known }
    var condition = place.condition
    condition.add("memories.superseded_by IS NULL")
    let keys = try transaction.keys(condition, filter)
    filtered.answers[question] = keys
    return keys
  }

  /// What has expired by itself and was not yet swept away; nearly always nothing.
  private func expiredKeys(of user: UserID) throws -> Set<UInt64> {
    if let known = filtered.expired[user] { return known }
    let keys = try Int64.fetchAll(
      try transaction.db.cachedStatement(
        sql: """
          SELECT memories.id FROM memories INDEXED BY memories_by_expiry
            JOIN users ON users.id = memories.user
          WHERE memories.expires_at IS NOT NULL AND memories.expires_at <= ? AND users.name = ?
          """), arguments: [transaction.now.milliseconds, user.description])
    let expired = Set(keys.map(UInt64.init))
    filtered.expired[user] = expired
    return expired
  }

  func coverage(of text: String, by pieces: [String], in scope: Scope) throws -> [Double] {
    let place = try Place(scope, transaction)
    return try view.withTerms { (terms) throws(EngineError) in
      try terms.coverage(of: LexicalQuery(text), by: pieces, scope: place.lexicalScope)
    }
  }

  private func candidate(_ neighbor: Neighbor) -> Candidate {
    let passage = PassageRow(row: neighbor.id)
    return Candidate(
      key: MemoryKey(rawValue: passage.memory), score: Double(neighbor.score),
      passage: passage.passage, passageCount: view.passageCounts[passage.memory] ?? 1)
  }
}

extension MemoryPlace {
  fileprivate init(_ place: LexicalRanking.Place) {
    self.init(
      previous: place.previous.map { MemoryKey(rawValue: Int64($0)) },
      next: place.next.map { MemoryKey(rawValue: Int64($0)) }, keyword: place.score,
      coverage: place.coverage,
      questionShare: place.questionShare)
  }
}

extension MemoryFilter {
  /// Whether it speaks of times alone: that the engine tells by itself, inside the scan.
  fileprivate var isTimeRange: Bool {
    types == nil && expression == nil && (since != nil || until != nil)
  }

  /// The times that are meant; nil when there are none.
  fileprivate var milliseconds: ClosedRange<Int64>? {
    let first = since?.milliseconds ?? .min
    let last = until?.milliseconds ?? .max
    return first <= last ? first...last : nil
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
