internal import GRDB
internal import Records

/// What can be said of a database by looking at all of it.
struct Soundness {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// How much it holds.
  func contents() throws -> StoreContents {
    StoreContents(
      users: try count("SELECT count(*) FROM users"),
      sessions: try count("SELECT count(*) FROM sessions"),
      memories: try count("SELECT count(*) FROM memories"),
      vectors: try count("SELECT count(*) FROM embeddings"),
      schemaVersion: try count("PRAGMA user_version"))
  }

  /// Everything that is not as it must be, in sentences; nothing in a sound database.
  func complaints() throws -> [String] {
    let damage = try damage()
    // Counting on damaged pages says nothing.
    guard damage.isEmpty else { return damage }
    return try dangling() + divergences() + oddVectors()
  }

  /// What SQLite finds wrong with the file.
  func damage() throws -> [String] {
    do {
      let found = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
      return found == ["ok"] ? [] : found
    } catch let error as DatabaseError
      where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    {
      return ["SQLite cannot read it (\(error.resultCode))"]
    }
  }

  /// Rows that name others which are not there.
  func dangling() throws -> [String] {
    var tables: [String: Int] = [:]
    for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
      tables[row["table"], default: 0] += 1
    }
    return tables.sorted { $0.key < $1.key }.map {
      "\($0.value) rows of \($0.key) belong to rows that are not there"
    }
  }

  /// What is kept beside the rows and does not agree with them.
  func divergences() throws -> [String] {
    var found: [String] = []
    func expect(_ what: String, _ sql: String) throws {
      let number = try count(sql)
      if number > 0 { found.append("\(number) \(what)") }
    }
    try expect(
      "sessions count other memories than they have",
      """
      SELECT count(*) FROM sessions WHERE memory_count IS NOT
        (SELECT count(*) FROM memories
         WHERE memories.session_id = sessions.session_id AND memories.user = sessions.user)
      """)
    try expect(
      "memories are said to have a vector and have none",
      """
      SELECT count(*) FROM memories WHERE has_vector = 1
        AND NOT EXISTS (SELECT 1 FROM embeddings WHERE embeddings.id = memories.id)
      """)
    try expect(
      "memories have a vector and are said to have none",
      """
      SELECT count(*) FROM memories WHERE has_vector = 0
        AND EXISTS (SELECT 1 FROM embeddings WHERE embeddings.id = memories.id)
      """)
    try expect(
      "totals are smaller than what is there",
      """
      SELECT (SELECT total FROM lifetime WHERE name = 'memories') <
          (SELECT count(*) FROM memories)
        + ((SELECT total FROM lifetime WHERE name = 'sessions') < (SELECT count(*) FROM sessions))
      """)
    return found
  }

  /// Vectors that do not have the dimension of the store's embedder.
  func oddVectors() throws -> [String] {
    guard let embedder = try embedder() else { return [] }
    let number = try count(
      "SELECT count(*) FROM embeddings WHERE length(vector) <> \(4 * embedder.dimension)")
    return number == 0 ? [] : ["\(number) vectors do not have \(embedder.dimension) elements"]
  }

  /// How many memories have no vector yet.
  func missingVectors() throws -> Int {
    try count("SELECT count(*) FROM memories WHERE has_vector = 0")
  }

  /// Whose vectors are stored.
  func embedder() throws -> (name: String, dimension: Int)? {
    guard
      let text = try String.fetchOne(
        db, sql: "SELECT value FROM settings WHERE name = 'embedder'"),
      case let value = try JSON.value(JSONValue.self, from: text),
      let name = value["name"]?.string, case .integer(let dimension)? = value["dimension"]
    else { return nil }
    return (name, Int(dimension))
  }

  private func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
}
