internal import GRDB
internal import Records

extension Transaction {
  /// The rows of a condition that also pass a filter.
  ///
  /// An expression is not turned into SQL, which sorts, compares and reads JSON by rules of its own:
  /// the rows that the rest leaves are held against the expression itself, and the condition names
  /// those that match.
  ///
  /// - Complexity: with an expression, one pass over those rows.
  func condition(_ rows: Condition, _ filter: MemoryFilter) throws -> Condition {
    var condition = rows
    condition.addColumns(of: filter)
    guard let expression = filter.expression else { return condition }
    // One argument, however many rows there are: SQLite limits the number of arguments.
    let keys = try keys(condition, expression).map(String.init).joined(separator: ",")
    condition.add("memories.id IN (SELECT value FROM json_each(?))", ["[\(keys)]"])
    return condition
  }

  /// The internal numbers of the memories of a condition that also pass a filter.
  func keys(_ rows: Condition, _ filter: MemoryFilter) throws -> [Int64] {
    var condition = rows
    condition.addColumns(of: filter)
    if let expression = filter.expression { return try keys(condition, expression) }
    return try Int64.fetchAll(
      db,
      sql: """
        SELECT memories.id FROM memories JOIN users ON users.id = memories.user
        WHERE \(condition.sql)
        """, arguments: condition.arguments)
  }

  private func keys(
    _ condition: Condition, _ expression: FilterExpression
  ) throws -> [Int64] {
    let readsMetadata = expression.readsMetadata
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT memories.id, memories.session_id, memories.memory_type, memories.created_at,
          memories.occurred_at, memories.importance,
          \(readsMetadata ? "memories.metadata" : "'{}' AS metadata")
        FROM memories JOIN users ON users.id = memories.user
        WHERE \(condition.sql)
        """, arguments: condition.arguments)
    var keys: [Int64] = []
    while let row = try rows.next() {
      if expression.matches(try FilterSubject(row: row)) { keys.append(row["id"]) }
    }
    return keys
  }
}

extension FilterSubject {
  fileprivate init(row: Row) throws {
    self.init(
      session: (row["session_id"] as String?).map(SessionID.init(stored:)),
      type: row["memory_type"],
      metadata: try JSON.members(from: row["metadata"]),
      createdAt: Timestamp(milliseconds: row["created_at"]),
      occurredAt: (row["occurred_at"] as Int64?).map { Timestamp(milliseconds: $0) },
      importance: row["importance"])
  }
}
