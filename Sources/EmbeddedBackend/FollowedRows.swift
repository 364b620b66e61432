internal import Foundation
internal import GRDB
internal import LexicalIndex
internal import VectorEngine

/// Makes what is kept beside the rows of a merged file.
typealias MergedSides = @Sendable (SegmentDraft) throws(EngineError) -> SideSections

/// What an index keeps of memories, and how it is read from the database.
///
/// The engine keeps rows; what is kept beside them is here until they are sealed.
protocol FollowedRows: AnyObject {
  /// What the index is called in messages.
  var name: String { get }
  var metric: Metric { get }
  /// Whose index it is: another one's is begun anew.
  func label(_ db: Database) throws -> String
  /// Whether the database has no row to be kept.
  func areNone(_ db: Database) throws -> Bool
  /// Reads the rows of memories, or of all, and hands them over in batches.
  func read(_ memories: [Int64]?, _ db: Database, _ store: (VectorBatch) throws -> Void) throws
  /// Gives up what is here of memories.
  func forget(_ memories: [Int64])
  /// Gives up everything that is here: it was sealed, or the engine has given its rows up.
  func restart()
  /// Makes what is kept beside the rows of a file that is about to be sealed.
  var sealing: SideSectionMaker? { get }
  var merging: MergedSides? { get }
}

extension FollowedRows {
  /// How many rows are in hand: long memories have many passages.
  static var rowsOfBatch: Int { 4096 }

  /// Adds a row, whose first column is the id that it has in the engine, with the place of its memory.
  static func append(_ row: Row, to batch: inout VectorBatch) {
    let passage = PassageRow(id: row["id"])
    batch.ids.append(passage.row)
    batch.groups.append(UInt64(passage.memory))
    batch.scopes.append(RowScope(user: row["user"], session: row["session"]))
    batch.times.append(row["time"])
  }

  static func isEmpty(_ table: String, _ db: Database) throws -> Bool {
    try Int64.fetchOne(db, sql: "SELECT 1 FROM \(table) LIMIT 1") == nil
  }

  static func setting(_ name: String, _ db: Database) throws -> String {
    try String.fetchOne(
      db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name]) ?? ""
  }

  static func condition(_ column: String, _ memories: [Int64]?) -> String {
    let list = memories.map { $0.map(String.init).joined(separator: ",") }
    return (list.map { "\(column) IN (\($0)) AND " } ?? "") + "memories.superseded_by IS NULL"
  }
}

/// The vectors of memories, one for each passage.
final class VectorRows: FollowedRows {
  let name = "the index"
  let metric = Metric.cosine

  /// That of a database and of the model that its vectors are of.
  func label(_ db: Database) throws -> String {
    try "\(Self.setting("database", db)) \(Self.setting("embedder", db))"
  }

  func areNone(_ db: Database) throws -> Bool { try Self.isEmpty("embeddings", db) }

  func read(
    _ memories: [Int64]?, _ db: Database, _ store: (VectorBatch) throws -> Void
  ) throws {
    let vectors = try Row.fetchCursor(
      db,
      sql: """
        SELECT embeddings.id AS id, embeddings.vector AS vector, users.name AS user,
          memories.session_id AS session,
          coalesce(memories.occurred_at, memories.created_at) AS time
        FROM embeddings JOIN memories ON memories.id = embeddings.memory
          JOIN users ON users.id = memories.user
        WHERE \(Self.condition("embeddings.memory", memories))
        \(memories == nil ? "" : "ORDER BY embeddings.memory, embeddings.id")
        """)
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    while let row = try vectors.next() {
      let length = batch.rows.count
      Self.append(row, to: &batch)
      // In place: nothing else needs the bytes.
      try row.withUnsafeData(named: "vector") {
        VectorBytes.append($0 ?? Data(), to: &batch.rows)
      }
      let dimension = batch.rows.count - length
      let expected = length == 0 ? dimension : length / (batch.ids.count - 1)
      guard dimension > 0, dimension == expected else {
        let memory = PassageRow(id: row["id"]).memory
        throw StorageError(
          .damaged, "The vector of memory \(memory) does not have \(expected) elements.")
      }
      if batch.ids.count >= Self.rowsOfBatch {
        try store(batch)
        batch = VectorBatch(ids: [], scopes: [], rows: [])
      }
    }
    if !batch.ids.isEmpty { try store(batch) }
  }

  func forget(_ memories: [Int64]) {}
  func restart() {}
  var sealing: SideSectionMaker? { nil }
  var merging: MergedSides? { nil }
}

/// The terms of memories, whether these have vectors or not.
///
/// In the engine a memory is a row whose vector is one element that means nothing; its terms lie beside it.
final class TermRows: FollowedRows {
  let name = "the index of words"
  let metric = Metric.innerProduct
  /// The terms of what is not sealed.
  private(set) var recent = LexicalCollection()

  /// That of a database, and of the rules by which texts become terms.
  func label(_ db: Database) throws -> String {
    try "\(Self.setting("database", db)) words \(TextAnalyzer.version)"
  }

  func areNone(_ db: Database) throws -> Bool { try Self.isEmpty("memories", db) }

  func read(
    _ memories: [Int64]?, _ db: Database, _ store: (VectorBatch) throws -> Void
  ) throws {
    try readTexts(memories, db) { batch, texts in
      try store(batch)
      // Afterwards, because storing may begin anew.
      for (number, text) in texts.enumerated() {
        let scope = batch.scopes[number]
        recent.upsert(
          LexicalRow(text), id: batch.ids[number], user: scope.user, session: scope.session)
      }
    }
  }

  /// Reads memories, or all, as rows of the engine and their texts.
  func readTexts(
    _ memories: [Int64]?, _ db: Database, _ body: (VectorBatch, [String]) throws -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT memories.id AS id, users.name AS user, memories.session_id AS session,
          coalesce(memories.occurred_at, memories.created_at) AS time, memories.content AS content
        FROM memories JOIN users ON users.id = memories.user
        WHERE \(Self.condition("memories.id", memories))
        \(memories == nil ? "" : "ORDER BY memories.id")
        """)
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    var texts: [String] = []
    while let row = try rows.next() {
      Self.append(row, to: &batch)
      batch.rows.append(1)
      texts.append(row["content"])
      guard texts.count >= Self.rowsOfBatch else { continue }
      try body(batch, texts)
      batch = VectorBatch(ids: [], scopes: [], rows: [])
      texts = []
    }
    if !texts.isEmpty { try body(batch, texts) }
  }

  func forget(_ memories: [Int64]) { recent.remove(ids: memories.map(UInt64.init)) }
  func restart() { recent = LexicalCollection() }
  var sealing: SideSectionMaker? {
    { [recent] draft throws(EngineError) in try recent.sections(of: draft) }
  }
  var merging: MergedSides? {
    { draft throws(EngineError) in try MergedTerms.sections(of: draft) }
  }
}
