internal import GRDB
internal import Records
internal import Retrieval
internal import Synchronization

/// One transaction: the state of the database that its statements see, at one moment.
struct Transaction {
  /// What need not be asked again.
  final class Known {
    var numbers: [UserID: Int64] = [:]
  }

  let db: Database
  let now: Timestamp
  let known = Known()

  init(_ db: Database, at now: Timestamp) {
    self.db = db
    self.now = now
  }
}

extension Transaction: MemoryReader {
  func owner(of id: SessionID) throws -> Owner? {
    try Row.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT users.name AS user FROM sessions JOIN users ON users.id = sessions.user
          WHERE sessions.session_id = ?
          """), arguments: [id.description]
    ).map { Owner(user: UserID(stored: $0[0]), session: id) }
  }

  func owner(of id: MemoryID) throws -> Owner? {
    try Row.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT users.name AS user, memories.session_id AS session
          FROM memories JOIN users ON users.id = memories.user
          WHERE memories.memory_id = ? AND (memories.expires_at IS NULL OR memories.expires_at > ?)
          """), arguments: [id.description, now.milliseconds]
    ).map {
      Owner(
        user: UserID(stored: $0["user"]),
        session: ($0["session"] as String?).map(SessionID.init(stored:)))
    }
  }

  // MARK: Sessions

  func session(in scope: Scope) throws -> SessionRecord? {
    guard let id = scope.session else { return nil }
    return try Row.fetchOne(
      try db.cachedStatement(
        sql: SessionRecord.columns + " WHERE sessions.session_id = ? AND users.name = ?"),
      arguments: [id.description, scope.user.description]
    ).map(SessionRecord.init(row:))
  }

  func sessions(in scope: Scope, _ request: SessionPage) throws -> RecordPage<SessionRecord> {
    var condition = Condition("users.name = ?", [scope.user.description])
    if let cutoff = request.activeSince {
      condition.add(
        "sessions.expired_at IS NULL AND sessions.last_activity > ?", [cutoff.milliseconds])
    }
    let total =
      try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM sessions JOIN users ON users.id = sessions.user
          WHERE \(condition.sql)
          """, arguments: condition.arguments) ?? 0
    condition.add(
      after: request.after, time: "sessions.last_activity", id: "sessions.session_id")
    let records = try Row.fetchAll(
      db,
      sql: """
        \(SessionRecord.columns) WHERE \(condition.sql)
        ORDER BY sessions.last_activity DESC, sessions.session_id DESC LIMIT ?
        """, arguments: condition.arguments + [request.limit + 1]
    ).map(SessionRecord.init(row:))
    return page(records, request.limit, total) {
      PageCursor(time: $0.lastActivity, id: $0.id.description)
    }
  }

  /// The session of the scope and those of the same user that it goes on from, nearest first.
  func sessionAndPredecessors(in scope: Scope) throws -> [SessionID] {
    guard let session = scope.session else { return [] }
    return try String.fetchAll(
      try db.cachedStatement(
        sql: """
          WITH RECURSIVE chain(id) AS (
            VALUES (?)
            UNION
            SELECT sessions.continues FROM chain
              JOIN sessions ON sessions.session_id = chain.id
              JOIN users ON users.id = sessions.user
            WHERE users.name = ? AND sessions.continues IS NOT NULL)
          SELECT id FROM chain
          """), arguments: [session.description, scope.user.description]
    ).map(SessionID.init(stored:))
  }

  // MARK: Memories

  func memories(_ ids: [MemoryID], in scope: Scope) throws -> [MemoryID: Memory] {
    guard !ids.isEmpty else { return [:] }
    let marks = ids.map { _ in "?" }.joined(separator: ",")
    var condition = Condition.memories(in: scope, at: now)
    condition.add(
      "memories.memory_id IN (\(marks))", StatementArguments(ids.map(\.description)))
    let rows = try Row.fetchAll(
      db, sql: "\(Memory.selection) WHERE \(condition.sql)", arguments: condition.arguments)
    return try Dictionary(uniqueKeysWithValues: rows.map(Memory.init(row:)).map { ($0.id, $0) })
  }

  func memories(in scope: Scope, _ request: MemoryPage) throws -> RecordPage<Memory> {
    var condition = try condition(Condition.memories(in: scope, at: now), request.filter)
    let total =
      try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM memories JOIN users ON users.id = memories.user
          WHERE \(condition.sql)
          """, arguments: condition.arguments) ?? 0
    condition.add(after: request.after, time: "memories.created_at", id: "memories.memory_id")
    let records = try Row.fetchAll(
      db,
      sql: """
        \(Memory.selection) WHERE \(condition.sql)
        ORDER BY memories.created_at DESC, memories.memory_id DESC LIMIT ?
        """, arguments: condition.arguments + [request.limit + 1]
    ).map(Memory.init(row:))
    return page(records, request.limit, total) {
      PageCursor(time: $0.createdAt, id: $0.id.description)
    }
  }

  func mostImportant(ofTypes types: [String], in scope: Scope, limit: Int) throws -> [Memory] {
    var condition = Condition.memories(in: scope, at: now)
    condition.addColumns(of: MemoryFilter(types: types))
    condition.add("memories.superseded_by IS NULL")
    // What a model has found in a text is what the text says, whoever wrote it.
    condition.add("json_extract(memories.metadata, '$.inferred') IS NOT 1")
    return try Row.fetchAll(
      db,
      sql: """
        \(Memory.selection) WHERE \(condition.sql)
        ORDER BY memories.importance DESC, memories.created_at DESC, memories.memory_id DESC LIMIT ?
        """, arguments: condition.arguments + [limit]
    ).map(Memory.init(row:))
  }

  func memoryCountsByType(in scope: Scope) throws -> [String: Int] {
    let condition = Condition.memories(in: scope, at: now)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT memories.memory_type AS type, count(*) AS number
        FROM memories JOIN users ON users.id = memories.user
        WHERE \(condition.sql) GROUP BY memories.memory_type
        """, arguments: condition.arguments)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["type"], $0["number"]) })
  }

  func memory(
    equalTo content: String, type: String, occurredAt: Timestamp?, in scope: Scope
  ) throws -> (key: MemoryKey, memory: Memory)? {
    let text = EqualText.normalized(content)
    // Nearly always there is none, which numbers tell sooner than rows do.
    let keys = try Int64.fetchAll(
      try db.cachedStatement(
        sql: """
          SELECT memories.id FROM memories JOIN users ON users.id = memories.user
          WHERE users.name = ? AND memories.text_hash = ?
            AND memories.session_id IS ? AND memories.memory_type = ? AND memories.occurred_at IS ?
            AND memories.superseded_by IS NULL
            AND (memories.expires_at IS NULL OR memories.expires_at > ?)
          ORDER BY memories.id
          """),
      arguments: [
        scope.user.description, EqualText.hash(text), scope.session?.description, type,
        occurredAt?.milliseconds, now.milliseconds,
      ])
    for key in keys {
      let row = try Row.fetchOne(
        try db.cachedStatement(sql: "\(Memory.selection) WHERE memories.id = ?"), arguments: [key])
      guard let row, EqualText.normalized(row["content"]) == text else { continue }
      return (MemoryKey(rawValue: key), try Memory(row: row))
    }
    return nil
  }

  func history(of id: MemoryID, in scope: Scope) throws -> [MemoryVersion] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT memory_versions.* FROM memory_versions
          JOIN memories ON memories.id = memory_versions.memory
          JOIN users ON users.id = memories.user
        WHERE memories.memory_id = ? AND users.name = ? ORDER BY memory_versions.version
        """, arguments: [id.description, scope.user.description])
    return try rows.map { row in
      MemoryVersion(
        version: row["version"], content: row["content"], type: row["memory_type"],
        metadata: try JSON.members(from: row["metadata"]),
        occurredAt: (row["occurred_at"] as Int64?).map { Timestamp(milliseconds: $0) },
        importance: row["importance"], replacedAt: Timestamp(milliseconds: row["replaced_at"]))
    }
  }

  func users(_ leave: AdministrativeScope) throws -> [UserID] {
    try String.fetchAll(db, sql: "SELECT name FROM users ORDER BY name")
      .map(UserID.init(stored:))
  }

  func allSessions(in scope: Scope) throws -> [SessionRecord] {
    try Row.fetchAll(
      db,
      sql: """
        \(SessionRecord.columns) WHERE users.name = ?
        ORDER BY sessions.created_at, sessions.session_id
        """, arguments: [scope.user.description]
    ).map(SessionRecord.init(row:))
  }

  func allMemories(in scope: Scope, after: PageCursor?, limit: Int) throws -> [Memory] {
    var condition = Condition.memories(in: scope, at: now)
    if let after {
      condition.add(
        "(memories.created_at, memories.memory_id) > (?, ?)",
        [after.time.milliseconds, after.id])
    }
    return try Row.fetchAll(
      db,
      sql: """
        \(Memory.selection) WHERE \(condition.sql)
        ORDER BY memories.created_at, memories.memory_id LIMIT ?
        """, arguments: condition.arguments + [limit]
    ).map(Memory.init(row:))
  }

  func memoryStatistics(in scope: Scope, _ filter: MemoryFilter) throws -> MemoryStatistics {
    let condition = try condition(Condition.memories(in: scope, at: now), filter)
    func shares(_ expression: String, _ order: String) throws -> [MemoryStatistics.Share] {
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(expression) AS share, count(*) AS number
          FROM memories JOIN users ON users.id = memories.user
          WHERE \(condition.sql) GROUP BY share HAVING share IS NOT NULL ORDER BY \(order)
          """, arguments: condition.arguments
      ).map { MemoryStatistics.Share(name: $0["share"], count: $0["number"]) }
    }
    var statistics = MemoryStatistics()
    statistics.byType = try shares("memories.memory_type", "share")
      .reduce(into: [:]) { $0[$1.name] = $1.count }
    statistics.total = statistics.byType.values.reduce(0, +)
    statistics.bySession = try shares("memories.session_id", "number DESC, share")
    statistics.byDay = try shares(
      "date(coalesce(memories.occurred_at, memories.created_at) / 1000, 'unixepoch')", "share")
    statistics.bytes =
      try Int.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(length(CAST(memories.content AS BLOB))), 0)
          FROM memories JOIN users ON users.id = memories.user WHERE \(condition.sql)
          """, arguments: condition.arguments) ?? 0
    return statistics
  }

  func embeddings(
    of contents: [String], in scope: Scope
  ) throws -> [ExactText: StoredEmbedding] {
    var found: [ExactText: StoredEmbedding] = [:]
    for content in contents where found[ExactText(content)] == nil {
      let keys = try Int64.fetchAll(
        try db.cachedStatement(
          sql: """
            SELECT memories.id FROM memories JOIN users ON users.id = memories.user
            WHERE users.name = ? AND memories.text_hash = ? AND memories.has_vector = 1
            """),
        arguments: [
          scope.user.description, EqualText.hash(EqualText.normalized(content)),
        ])
      let equal = try keys.first { key in
        try String.fetchOne(
          try db.cachedStatement(sql: "SELECT content FROM memories WHERE id = ?"),
          arguments: [key]
        ).map(ExactText.init) == ExactText(content)
      }
      if let equal { found[ExactText(content)] = try embedding(of: equal) }
    }
    return found
  }

  private func embedding(of memory: Int64) throws -> StoredEmbedding {
    let rows = try Row.fetchAll(
      try db.cachedStatement(
        sql: "SELECT span_start, span_end, vector FROM embeddings WHERE memory = ? ORDER BY id"),
      arguments: [memory])
    return StoredEmbedding(
      passages: rows.map { row in
        var vector: [Float] = []
        VectorBytes.append(row["vector"], to: &vector)
        return StoredEmbedding.Passage(
          span: TextSpan(start: row["span_start"], end: row["span_end"]), vector: vector)
      })
  }

  func memoriesWithoutVector(_ leave: AdministrativeScope, limit: Int) throws -> [PendingMemory] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT id, content FROM memories WHERE has_vector = 0 ORDER BY id LIMIT ?
        """, arguments: [limit]
    ).map { PendingMemory(key: MemoryKey(rawValue: $0["id"]), content: $0["content"]) }
  }

  // MARK: The whole store

  func systemCounts(
    _ leave: AdministrativeScope, activeSince cutoff: Timestamp
  ) throws -> SystemCounts {
    func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
      try Int.fetchOne(db, sql: sql, arguments: arguments) ?? 0
    }
    var counts = SystemCounts()
    let sessions = try count("SELECT count(*) FROM sessions")
    counts.activeSessions = try count(
      "SELECT count(*) FROM sessions WHERE expired_at IS NULL AND last_activity > ?",
      [cutoff.milliseconds])
    counts.expiredSessions = sessions - counts.activeSessions
    counts.overdueSessions = try count(
      "SELECT count(*) FROM sessions WHERE expired_at IS NULL AND last_activity <= ?",
      [cutoff.milliseconds])
    counts.users = try count("SELECT count(*) FROM users")
    counts.interactions = try count("SELECT coalesce(sum(interaction_count), 0) FROM sessions")
    counts.memories = try count("SELECT count(*) FROM memories")
    let total = "SELECT total FROM lifetime WHERE name = ?"
    counts.lifetimeSessions = try count(total, ["sessions"])
    counts.lifetimeInteractions = try count(total, ["interactions"])
    counts.lifetimeMemories = try count(total, ["memories"])
    return counts
  }

  func storedEmbedder() throws -> EmbedderIdentity? {
    try String.fetchOne(
      try db.cachedStatement(sql: "SELECT value FROM settings WHERE name = 'embedder'")
    ).map(EmbedderText.identity)
  }

  func schemaVersion() throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
  }

  /// Cuts a list that was read one too long and says where it goes on.
  private func page<Record>(
    _ records: [Record], _ limit: Int, _ total: Int, _ cursor: (Record) -> PageCursor
  ) -> RecordPage<Record> {
    let shown = Array(records.prefix(limit))
    let next = records.count > limit ? shown.last.map(cursor) : nil
    return RecordPage(records: shown, total: total, next: next)
  }
}

/// The embedder as it was read last: every write asks for it, and it hardly ever is another one.
private enum EmbedderText {
  private static let latest = Mutex<(text: String, identity: EmbedderIdentity)?>(nil)

  static func identity(of text: String) throws -> EmbedderIdentity {
    if let known = latest.withLock({ $0 }), known.text == text { return known.identity }
    let identity: EmbedderIdentity = try JSON.value(from: text)
    latest.withLock { $0 = (text, identity) }
    return identity
  }
}
