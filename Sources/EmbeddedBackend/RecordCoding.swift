internal import Foundation
internal import GRDB
internal import Records
internal import Retrieval

// How records lie in rows.

extension SessionRecord {
  /// What a statement must select for `init(row:)`.
  static let columns = """
    SELECT sessions.session_id, users.name AS user, sessions.name, sessions.created_at,
      sessions.last_activity, sessions.expired_at, sessions.interaction_count,
      sessions.memory_count, sessions.metadata, sessions.continues
    FROM sessions JOIN users ON users.id = sessions.user
    """

  /// Columns are told by their places: looking a name up takes longer than reading the value.
  init(row: Row) throws {
    self.init(
      id: SessionID(stored: row[0]), user: UserID(stored: row[1]), name: row[2],
      createdAt: Timestamp(milliseconds: row[3]), lastActivity: Timestamp(milliseconds: row[4]),
      expiredAt: (row[5] as Int64?).map { Timestamp(milliseconds: $0) },
      interactionCount: row[6], memoryCount: row[7], metadata: try Metadata.members(row[8]),
      continues: (row[9] as String?).map(SessionID.init(stored:)))
  }
}

/// Metadata as a column holds it.
private enum Metadata {
  static func members(_ text: String) throws -> [String: JSONValue] {
    // Most records have none.
    text == "{}" ? [:] : try JSON.members(from: text)
  }
}

extension Memory {
  /// What a statement must select first for `init(row:)`, and for `StoredMemory`.
  static let columns = """
    memories.id, memories.memory_id, users.name AS user, memories.session_id, memories.content,
    memories.memory_type, memories.metadata, memories.created_at, memories.updated_at,
    memories.occurred_at, memories.importance, memories.access_count, memories.last_accessed_at,
    memories.version, memories.expires_at, memories.supersedes, memories.superseded_by
    """

  /// The beginning of a statement for memories and their users.
  static let selection =
    "SELECT \(columns) FROM memories JOIN users ON users.id = memories.user"

  /// Columns are told by their places: looking a name up takes longer than reading the value.
  init(row: Row) throws {
    self.init(
      id: MemoryID(stored: row[1]), user: UserID(stored: row[2]),
      session: (row[3] as String?).map(SessionID.init(stored:)), content: row[4], type: row[5],
      metadata: try Metadata.members(row[6]), createdAt: Timestamp(milliseconds: row[7]),
      updatedAt: Timestamp(milliseconds: row[8]),
      occurredAt: (row[9] as Int64?).map { Timestamp(milliseconds: $0) }, accessCount: row[11],
      lastAccessedAt: (row[12] as Int64?).map { Timestamp(milliseconds: $0) },
      importance: row[10], version: row[13],
      expiresAt: (row[14] as Int64?).map { Timestamp(milliseconds: $0) },
      supersedes: (row[15] as String?).map(MemoryID.init(stored:)),
      supersededBy: (row[16] as String?).map(MemoryID.init(stored:)))
  }
}

/// A condition of a statement and the values it names.
struct Condition {
  private(set) var sql: String
  private(set) var arguments: StatementArguments

  init(_ sql: String, _ arguments: StatementArguments = []) {
    self.sql = sql
    self.arguments = arguments
  }

  /// The rows of a scope in the table of memories that have not expired.
  static func memories(in scope: Scope, at now: Timestamp) -> Condition {
    memories(of: scope.user, in: scope.session.map { [$0] }, at: now)
  }

  /// The rows of a user, or of some sessions of the user, that have not expired.
  static func memories(
    of user: UserID, in sessions: [SessionID]?, at now: Timestamp
  ) -> Condition {
    var condition = Condition("users.name = ?", [user.description])
    condition.add(
      "(memories.expires_at IS NULL OR memories.expires_at > ?)", [now.milliseconds])
    if let sessions {
      let marks = sessions.map { _ in "?" }.joined(separator: ",")
      condition.add(
        "memories.session_id IN (\(marks))", StatementArguments(sessions.map(\.description)))
    }
    return condition
  }

  mutating func add(_ sql: String, _ arguments: StatementArguments = []) {
    self.sql += " AND " + sql
    self.arguments += arguments
  }

  /// The rows that pass a filter as far as columns tell: not its expression, which
  /// `Transaction.condition(_:_:)` adds.
  mutating func addColumns(of filter: MemoryFilter) {
    if let types = filter.types {
      let marks = types.map { _ in "?" }.joined(separator: ",")
      add("memories.memory_type IN (\(marks))", StatementArguments(types))
    }
    let time = "coalesce(memories.occurred_at, memories.created_at)"
    if let since = filter.since { add("\(time) >= ?", [since.milliseconds]) }
    if let until = filter.until { add("\(time) <= ?", [until.milliseconds]) }
  }

  /// The rows after a cursor in a list that descends by a time and an id.
  mutating func add(after cursor: PageCursor?, time: String, id: String) {
    guard let cursor else { return }
    add("(\(time), \(id)) < (?, ?)", [cursor.time.milliseconds, cursor.id])
  }
}
