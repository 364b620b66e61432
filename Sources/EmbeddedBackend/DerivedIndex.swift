internal import Dispatch
internal import Foundation
internal import GRDB
internal import LexicalIndex
internal import VectorEngine

/// The vectors and terms of all memories, as the database had them after some change.
///
/// The database is the truth: this is made from it at the first search of the process, and brought
/// up to date before every later one from the change sequence, whichever process wrote.
final class DerivedIndex: Sendable {
  /// What one search sees.
  struct View: Sendable {
    let vectors: VectorSnapshot?
    let terms: LexicalSnapshot
    /// How many passages the memories have that have several.
    let passageCounts: [Int64: Int]

    /// The rows of memories.
    func rows(of memories: some Sequence<Int64>) throws -> [UInt64] {
      try PassageRow.rows(of: memories, passageCounts)
    }

    /// How many memories have vectors.
    var embeddedMemories: Int {
      (vectors?.count ?? 0) - passageCounts.values.reduce(0) { $0 + $1 - 1 }
    }
  }

  private let state = State()
  /// A semaphore and no lock: the turn may end on another thread than the one that took it.
  private let turns = DispatchSemaphore(value: 1)

  /// The state that whoever has the turn may touch.
  private final class State: @unchecked Sendable {  // only touched by the holder of the turn
    var sequence: Int64?
    var vectors: VectorCollection?
    var terms = LexicalCollection()
    var passageCounts: [Int64: Int] = [:]

    var view: View {
      View(
        vectors: vectors?.snapshot(), terms: terms.snapshot(), passageCounts: passageCounts)
    }

    func reset() {
      vectors = nil
      passageCounts = [:]
      terms = LexicalCollection()
    }
  }

  /// Waits until no other search is about to move the index.
  func takeTurn() -> Turn {
    turns.wait()
    return Turn(self)
  }

  /// The right to move the index, given back once it was used or dropped.
  final class Turn {
    private let index: DerivedIndex
    private var isHeld = true

    fileprivate init(_ index: DerivedIndex) { self.index = index }

    deinit { end() }

    private func end() {
      guard isHeld else { return }
      isHeld = false
      index.turns.signal()
    }

    /// Brings the index to the state that the transaction sees, and gives the turn back.
    func catchUp(with db: Database) throws -> View {
      defer { end() }
      try index.catchUp(with: db)
      return index.state.view
    }
  }

  private func catchUp(with db: Database) throws {
    let statement = try db.cachedStatement(sql: "SELECT max(sequence) FROM changes")
    let target = try Int64.fetchOne(statement) ?? 0
    guard target != state.sequence else { return }
    if let known = state.sequence {
      let changed = try Int64.fetchAll(
        db, sql: "SELECT DISTINCT memory FROM changes WHERE sequence > ?", arguments: [known])
      try apply(changed, db)
    } else {
      // What a failed attempt left behind may be gone from the database by now.
      state.reset()
      try build(db)
    }
    state.sequence = target
  }

  // MARK: Rows

  /// How many memories are added at a time: bounded memory, few snapshots.
  private static let rowsOfBatch = 2000

  private static let columns = """
    SELECT memories.id AS id, users.name AS user, memories.session_id AS session,
      memories.content AS content, coalesce(memories.occurred_at, memories.created_at) AS time
    FROM memories JOIN users ON users.id = memories.user
    WHERE memories.superseded_by IS NULL
    """

  private func build(_ db: Database) throws {
    let rows = try Row.fetchCursor(db, sql: Self.columns + " ORDER BY memories.id")
    var batch: [Row] = []
    while let row = try rows.next() {
      batch.append(row.copy())
      if batch.count == Self.rowsOfBatch {
        try add(batch, db)
        batch = []
      }
    }
    try add(batch, db)
  }

  private func apply(_ changed: [Int64], _ db: Database) throws {
    for start in stride(from: 0, to: changed.count, by: Self.rowsOfBatch) {
      let keys = changed[start..<min(start + Self.rowsOfBatch, changed.count)]
      let list = keys.map(String.init).joined(separator: ",")
      let rows = try Row.fetchAll(
        db, sql: Self.columns + " AND memories.id IN (\(list)) ORDER BY memories.id")
      try forget(keys)
      try add(rows, db)
    }
  }

  private func forget(_ keys: ArraySlice<Int64>) throws {
    state.terms.remove(ids: keys.map(UInt64.init))
    _ = try state.vectors?.remove(ids: try PassageRow.rows(of: keys, state.passageCounts))
    for key in keys { state.passageCounts[key] = nil }
  }

  private func add(_ rows: [Row], _ db: Database) throws {
    guard !rows.isEmpty else { return }
    var places: [Int64: (scope: RowScope, time: Int64)] = [:]
    for row in rows {
      let key: Int64 = row["id"]
      let scope = RowScope(user: row["user"], session: row["session"])
      places[key] = (scope, row["time"])
      let content: String = row["content"]
      state.terms.upsert(
        id: UInt64(key), user: scope.user, session: scope.session,
        terms: TextAnalyzer.terms(of: content))
    }
    try addVectors(of: places, db)
  }

  private func addVectors(
    of places: [Int64: (scope: RowScope, time: Int64)], _ db: Database
  ) throws {
    let list = places.keys.sorted().map(String.init).joined(separator: ",")
    let vectors = try Row.fetchCursor(
      db,
      sql: """
        SELECT id, vector FROM embeddings WHERE memory IN (\(list)) ORDER BY memory, id
        """)
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    while let row = try vectors.next() {
      let passage = PassageRow(id: row["id"])
      guard let place = places[passage.memory] else { continue }
      batch.ids.append(passage.row)
      batch.groups.append(UInt64(passage.memory))
      if passage.passage > 0 { state.passageCounts[passage.memory] = passage.passage + 1 }
      batch.scopes.append(place.scope)
      batch.times.append(place.time)
      let length = batch.rows.count
      VectorBytes.append(row["vector"], to: &batch.rows)
      let dimension = state.vectors?.configuration.dimension ?? batch.rows.count / batch.ids.count
      guard batch.rows.count - length == dimension else {
        throw StorageError(
          .damaged, "The vector of memory \(passage.memory) does not have \(dimension) elements.")
      }
      // Long memories have many passages: what is in hand stays bounded.
      if batch.ids.count >= Self.passagesOfBatch {
        try store(batch)
        batch = VectorBatch(ids: [], scopes: [], rows: [])
      }
    }
    try store(batch)
  }

  private static let passagesOfBatch = 4096

  private func store(_ batch: VectorBatch) throws {
    guard !batch.ids.isEmpty else { return }
    let dimension = batch.rows.count / batch.ids.count
    if state.vectors == nil {
      state.vectors = VectorCollection(try .init(dimension: dimension, metric: .cosine))
    }
    try state.vectors?.upsert(batch)
  }
}

/// How a vector lies in the database: its elements as fp32, little-endian.
enum VectorBytes {
  static func data(_ vector: [Float]) -> Data {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * vector.count)
    for element in vector {
      let bits = element.bitPattern
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
      }
    }
    return Data(bytes)
  }

  static func append(_ data: Data, to vector: inout [Float]) {
    let bytes = [UInt8](data)
    for start in stride(from: 0, to: bytes.count - 3, by: 4) {
      let bits =
        UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2]) << 16
        | UInt32(bytes[start + 3]) << 24
      vector.append(Float(bitPattern: bits))
    }
  }
}
