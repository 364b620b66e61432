internal import GRDB
internal import Records
internal import Retrieval

extension Transaction: MemoryWriter {
  // MARK: Sessions

  func insert(_ session: SessionRecord) throws {
    try run(
      sql: """
        INSERT INTO sessions(session_id, user, name, created_at, last_activity, expired_at,
          interaction_count, metadata, continues) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        session.id.description, try number(of: session.user, at: session.createdAt), session.name,
        session.createdAt.milliseconds, session.lastActivity.milliseconds,
        session.expiredAt?.milliseconds, session.interactionCount, try json(session.metadata),
        session.continues?.description,
      ])
  }

  func update(_ session: SessionRecord) throws {
    try run(
      sql: """
        UPDATE sessions SET name = ?, last_activity = ?, expired_at = ?, interaction_count = ?,
          metadata = ?
        WHERE session_id = ? AND user = (SELECT id FROM users WHERE name = ?)
        """,
      arguments: [
        session.name, session.lastActivity.milliseconds, session.expiredAt?.milliseconds,
        session.interactionCount, try json(session.metadata), session.id.description,
        session.user.description,
      ])
  }

  func expireOverdueSessions(
    _ leave: AdministrativeScope, timeout: Double, at now: Timestamp
  ) throws -> Int {
    let cutoff = now.advanced(bySeconds: -timeout)
    let duration = Timestamp(milliseconds: 0).advanced(bySeconds: timeout).milliseconds
    try db.execute(
      sql: """
        UPDATE sessions SET expired_at = last_activity + ?
        WHERE expired_at IS NULL AND last_activity <= ?
        """, arguments: [duration, cutoff.milliseconds])
    return db.changesCount
  }

  func deleteSession(in scope: Scope, withMemories: Bool) throws -> Int {
    guard let session = scope.session else { return 0 }
    let deleted = withMemories ? try deleteMemories(in: scope, types: nil) : 0
    try db.execute(
      sql: """
        DELETE FROM sessions
        WHERE session_id = ? AND user = (SELECT id FROM users WHERE name = ?)
        """, arguments: [session.description, scope.user.description])
    return deleted
  }

  func purgeSessions(
    _ leave: AdministrativeScope, expiredBefore cutoff: Timestamp, withMemories: Bool
  ) throws -> Int {
    let rows = try Row.fetchAll(
      db,
      sql: "SELECT session_id, user FROM sessions WHERE expired_at IS NOT NULL AND expired_at < ?",
      arguments: [cutoff.milliseconds])
    for row in rows {
      let session: String = row["session_id"]
      let user: Int64 = row["user"]
      if withMemories {
        try db.execute(
          sql: "DELETE FROM memories WHERE session_id = ? AND user = ?", arguments: [session, user])
      }
      try db.execute(sql: "DELETE FROM sessions WHERE session_id = ?", arguments: [session])
    }
    return rows.count
  }

  // MARK: Memories

  func insert(_ memory: Memory, _ embedding: StoredEmbedding?) throws {
    let user = try number(of: memory.user, at: memory.createdAt)
    try run(
      sql: """
        INSERT INTO memories(memory_id, user, session_id, content, text_hash, memory_type, metadata,
          created_at, updated_at, occurred_at, importance, access_count, last_accessed_at, version,
          expires_at, supersedes, superseded_by, has_vector)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        memory.id.description, user, memory.session?.description, memory.content,
        textHash(memory.content), memory.type, try json(memory.metadata),
        memory.createdAt.milliseconds, memory.updatedAt.milliseconds,
        memory.occurredAt?.milliseconds, memory.importance,
        memory.accessCount, memory.lastAccessedAt?.milliseconds, memory.version,
        memory.expiresAt?.milliseconds, memory.supersedes?.description,
        memory.supersededBy?.description,
        embedding.map { !$0.passages.isEmpty } ?? false,
      ])
    let key = db.lastInsertedRowID
    try count(memory.session, of: user)
    try noteChange(of: key)
    if let embedding { try add(embedding, to: key) }
  }

  /// Counts a memory that was added.
  private func count(_ session: SessionID?, of user: Int64) throws {
    try run(sql: "UPDATE lifetime SET total = total + 1 WHERE name = 'memories'", arguments: [])
    guard let session else { return }
    try run(
      sql: """
        UPDATE sessions SET memory_count = memory_count + 1 WHERE session_id = ? AND user = ?
        """, arguments: [session.description, user])
  }

  /// Has the index look at a memory again.
  private func noteChange(of memory: Int64) throws {
    try run(sql: "INSERT INTO changes(memory) VALUES (?)", arguments: [memory])
  }

  func insert(_ versions: [MemoryVersion], of id: MemoryID, in scope: Scope) throws {
    for version in versions {
      try run(
        sql: """
          INSERT INTO memory_versions
          SELECT memories.id, ?, ?, ?, ?, ?, ?, ?
          FROM memories JOIN users ON users.id = memories.user
          WHERE memories.memory_id = ? AND users.name = ?
          """,
        arguments: [
          version.version, version.content, version.type, try JSON.text(version.metadata),
          version.occurredAt?.milliseconds, version.importance, version.replacedAt.milliseconds,
          id.description, scope.user.description,
        ])
    }
  }

  func update(_ memory: Memory, _ embedding: StoredEmbedding?) throws {
    guard let key = try key(of: memory) else { return }
    let before: String? = try String.fetchOne(
      db, sql: "SELECT content FROM memories WHERE id = ?", arguments: [key])
    try run(
      sql: """
        INSERT INTO memory_versions
        SELECT id, version, content, memory_type, metadata, occurred_at, importance, ?
        FROM memories WHERE id = ?
        """, arguments: [memory.updatedAt.milliseconds, key])
    try run(
      sql: """
        UPDATE memories SET content = ?, text_hash = ?, memory_type = ?, metadata = ?,
          updated_at = ?, occurred_at = ?, importance = ?, version = ?, expires_at = ?
        WHERE id = ?
        """,
      arguments: [
        memory.content, textHash(memory.content), memory.type, try json(memory.metadata),
        memory.updatedAt.milliseconds, memory.occurredAt?.milliseconds, memory.importance,
        memory.version, memory.expiresAt?.milliseconds, key,
      ])
    // Two spellings of é are equal as strings, but the places of passages differ.
    if before.map(ExactText.init) != ExactText(memory.content) || embedding != nil {
      try run(sql: "DELETE FROM embeddings WHERE memory = ?", arguments: [key])
    }
    if let embedding { try store(embedding, of: key) }
  }

  func updateMetadata(of memory: Memory) throws {
    guard let key = try key(of: memory) else { return }
    try run(
      sql: "UPDATE memories SET metadata = ?, updated_at = ? WHERE id = ?",
      arguments: [try json(memory.metadata), memory.updatedAt.milliseconds, key])
  }

  func delete(_ id: MemoryID, in scope: Scope) throws -> Bool {
    try run(
      sql: """
        DELETE FROM memories
        WHERE memory_id = ? AND user = (SELECT id FROM users WHERE name = ?)
        """, arguments: [id.description, scope.user.description])
    return db.changesCount > 0
  }

  func deleteMemories(in scope: Scope, types: [String]?) throws -> Int {
    var sql = "DELETE FROM memories WHERE user = (SELECT id FROM users WHERE name = ?)"
    var arguments: StatementArguments = [scope.user.description]
    if let session = scope.session {
      sql += " AND session_id = ?"
      arguments += [session.description]
    }
    if let types {
      sql += " AND memory_type IN (\(types.map { _ in "?" }.joined(separator: ",")))"
      arguments += StatementArguments(types)
    }
    try db.execute(sql: sql, arguments: arguments)
    return db.changesCount
  }

  func deleteExpiredMemories(_ leave: AdministrativeScope) throws -> Int {
    try db.execute(
      sql: "DELETE FROM memories WHERE expires_at IS NOT NULL AND expires_at <= ?",
      arguments: [now.milliseconds])
    return db.changesCount
  }

  func setSuccessor(of old: MemoryID, to new: MemoryID, in scope: Scope) throws {
    try db.execute(
      sql: """
        UPDATE memories SET superseded_by = ?
        WHERE memory_id = ? AND user = (SELECT id FROM users WHERE name = ?)
        """, arguments: [new.description, old.description, scope.user.description])
  }

  func setEmbedding(
    _ leave: AdministrativeScope, _ embedding: StoredEmbedding, of pending: PendingMemory
  ) throws {
    let content = try String.fetchOne(
      db, sql: "SELECT content FROM memories WHERE id = ? AND has_vector = 0",
      arguments: [pending.key.rawValue])
    guard content.map(ExactText.init) == ExactText(pending.content) else { return }
    try store(embedding, of: pending.key.rawValue)
  }

  func setStoredEmbedder(_ identity: EmbedderIdentity) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO settings VALUES ('embedder', ?)",
      arguments: [try JSON.text(identity)])
  }

  func apply(
    _ leave: AdministrativeScope, _ touches: Touches, sessionTimeout: Double
  ) throws {
    let touched = try db.cachedStatement(
      sql: """
        UPDATE memories SET access_count = access_count + ?,
          last_accessed_at = max(coalesce(last_accessed_at, 0), ?) WHERE memory_id = ?
        """)
    for (id, touch) in touches.memories {
      try touched.execute(arguments: [touch.count, touch.last.milliseconds, id.description])
    }
    for (id, time) in touches.sessions {
      try db.execute(
        sql: """
          UPDATE sessions SET last_activity = max(last_activity, ?)
          WHERE session_id = ? AND expired_at IS NULL AND last_activity > ?
          """,
        arguments: [
          time.milliseconds, id.description,
          time.advanced(bySeconds: -sessionTimeout).milliseconds,
        ])
    }
  }

  func probe(_ value: String) throws -> Bool {
    try db.execute(
      sql: "INSERT OR REPLACE INTO settings VALUES ('probe', ?)", arguments: [value])
    return try String.fetchOne(db, sql: "SELECT value FROM settings WHERE name = 'probe'") == value
  }

  /// Deletes everything of a user; returns how many memories there were.
  func deleteUser(of scope: Scope) throws -> Int {
    let deleted = try deleteMemories(in: scope.wholeUser, types: nil)
    try db.execute(
      sql: "DELETE FROM sessions WHERE user = (SELECT id FROM users WHERE name = ?)",
      arguments: [scope.user.description])
    try db.execute(sql: "DELETE FROM users WHERE name = ?", arguments: [scope.user.description])
    known.numbers[scope.user] = nil
    return deleted
  }

  // MARK: Parts

  /// The number of a user, who is made when new.
  private func number(of user: UserID, at now: Timestamp) throws -> Int64 {
    if let number = known.numbers[user] { return number }
    let number = try findNumber(of: user) ?? makeNumber(of: user, at: now)
    known.numbers[user] = number
    return number
  }

  private func findNumber(of user: UserID) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(sql: "SELECT id FROM users WHERE name = ?"),
      arguments: [user.description])
  }

  private func makeNumber(of user: UserID, at now: Timestamp) throws -> Int64 {
    try db.execute(
      sql: "INSERT INTO users(name, created_at) VALUES (?, ?)",
      arguments: [user.description, now.milliseconds])
    return db.lastInsertedRowID
  }

  private func key(of memory: Memory) throws -> Int64? {
    try Int64.fetchOne(
      try db.cachedStatement(
        sql: """
          SELECT memories.id FROM memories JOIN users ON users.id = memories.user
          WHERE memories.memory_id = ? AND users.name = ?
          """), arguments: [memory.id.description, memory.user.description])
  }

  /// Nearly always there is nothing in it.
  private func json(_ metadata: [String: JSONValue]) throws -> String {
    metadata.isEmpty ? "{}" : try JSON.text(metadata)
  }

  /// Runs a statement that is prepared once for each connection.
  private func run(sql: String, arguments: StatementArguments) throws {
    try db.cachedStatement(sql: sql).execute(arguments: arguments)
  }

  private func store(_ embedding: StoredEmbedding, of memory: Int64) throws {
    try run(sql: "DELETE FROM embeddings WHERE memory = ?", arguments: [memory])
    guard !embedding.passages.isEmpty else { return }
    try add(embedding, to: memory)
    try run(sql: "UPDATE memories SET has_vector = 1 WHERE id = ?", arguments: [memory])
    try noteChange(of: memory)
  }

  /// Adds vectors; that the memory has some, and is another one for the index, is the caller's to say.
  private func add(_ embedding: StoredEmbedding, to memory: Int64) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO embeddings(id, memory, span_start, span_end, vector) VALUES (?, ?, ?, ?, ?)"
    )
    for (number, passage) in embedding.passages.enumerated() {
      try statement.execute(arguments: [
        try PassageRow(memory: memory, passage: number).id, memory, passage.span.start,
        passage.span.end, VectorBytes.data(passage.vector),
      ])
    }
  }

  private func textHash(_ content: String) -> Int64 {
    EqualText.hash(EqualText.normalized(content))
  }
}
