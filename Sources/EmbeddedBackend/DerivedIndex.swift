internal import Foundation
internal import GRDB
internal import LexicalIndex
internal import Records
internal import VectorEngine

/// The vectors and terms of all memories, as the database had them after some change.
///
/// The database is the truth. Vectors lie in a folder that all processes share; terms are in memory, made
/// from the database at the first search of the process. Both are brought up to date before every search
/// from the change sequence, whichever process wrote.
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

  private let state: State
  private let turns = Turns()

  /// - Parameter log: told of an index that has to be built again.
  init(_ folder: URL, log: @escaping @Sendable (String) -> Void) {
    state = State(VectorIndex(folder, log: log))
  }

  /// The state that whoever has the turn may touch.
  private final class State: @unchecked Sendable {  // only touched by the holder of the turn
    let vectors: VectorIndex
    /// How far in the change sequence the terms have come.
    var sequence: Int64?
    var terms = LexicalCollection()
    var passageCounts: [Int64: Int] = [:]

    init(_ vectors: VectorIndex) { self.vectors = vectors }

    var view: View {
      View(
        vectors: vectors.collection?.snapshot(), terms: terms.snapshot(),
        passageCounts: passageCounts)
    }
  }

  /// Waits until no other search is about to move the index, and looks what other processes have
  /// published. The transaction begins afterwards.
  ///
  /// - Throws: as `Turns.take`.
  func takeTurn() throws -> Turn {
    try turns.take()
    state.vectors.prepare()
    return Turn(self)
  }

  /// The right to move the index, given back once it was used or dropped.
  final class Turn {
    private let index: DerivedIndex
    private var isHeld = true
    /// Which published state it has brought the index to, if any.
    private(set) var generation: UInt64?

    fileprivate init(_ index: DerivedIndex) { self.index = index }

    deinit { end() }

    private func end() {
      guard isHeld else { return }
      isHeld = false
      index.turns.end()
    }

    /// Brings the index to the state that the transaction sees, and gives the turn back.
    ///
    /// - Throws: `VectorIndex.Moved` when the transaction is older than what others have published.
    func catchUp(with db: Database) throws -> View {
      defer { end() }
      defer { generation = index.state.vectors.collection?.generation }
      try index.catchUp(with: db)
      return index.state.view
    }

    /// Brings the vectors to the state that the transaction sees, and lends them.
    func withVectors<R>(of db: Database, _ body: (VectorIndex) throws -> R) throws -> R {
      defer { end() }
      defer { generation = index.state.vectors.collection?.generation }
      try index.catchUpVectors(with: db, to: DerivedIndex.sequence(db))
      return try body(index.state.vectors)
    }

    /// Has the vectors' folder begun anew, unless that was done since a search saw this state of it.
    ///
    /// - Parameter generation: the state that will not do; nil for whatever is there.
    func condemn(_ reason: String, generation: UInt64?) {
      defer { end() }
      let vectors = index.state.vectors
      if let generation, vectors.collection?.generation != generation { return }
      vectors.condemn(reason)
    }
  }

  /// Runs the body while this process merges nothing; needs no turn.
  func keepingOffMerges<R>(_ body: () throws -> R) rethrows -> R {
    try state.vectors.compaction.keptOff(body)
  }

  static func sequence(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(sequence) FROM changes")) ?? 0
  }

  private func catchUp(with db: Database) throws {
    let target = try Self.sequence(db)
    try catchUpVectors(with: db, to: target)
    guard target != state.sequence else { return }
    if let known = state.sequence {
      let changed = try Int64.fetchAll(
        db, sql: "SELECT DISTINCT memory FROM changes WHERE sequence > ?", arguments: [known])
      try apply(changed, db)
    } else {
      // What a failed attempt left behind may be gone from the database by now.
      state.terms = LexicalCollection()
      state.passageCounts = [:]
      try build(db)
    }
    state.sequence = target
  }

  /// Damage that is met on the way means that the folder is begun anew, once.
  private func catchUpVectors(with db: Database, to target: Int64) throws {
    do {
      try state.vectors.catchUp(with: db, to: target)
    } catch let error as EngineError
      where [.corrupt, .notAnIndex, .unsupportedVersion].contains(error.code)
    {
      state.vectors.condemn("\(error)")
      try state.vectors.catchUp(with: db, to: target)
    }
  }

  // MARK: Rows

  /// How many memories are added at a time: bounded memory, few snapshots.
  private static let rowsOfBatch = 2000

  private static let columns = """
    SELECT memories.id AS id, users.name AS user, memories.session_id AS session,
      memories.content AS content
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
      state.terms.remove(ids: keys.map(UInt64.init))
      for key in keys { state.passageCounts[key] = nil }
      try add(rows, db)
    }
  }

  private func add(_ rows: [Row], _ db: Database) throws {
    guard !rows.isEmpty else { return }
    for row in rows {
      let content: String = row["content"]
      let key: Int64 = row["id"]
      state.terms.upsert(
        LexicalRow(content), id: UInt64(key), user: row["user"], session: row["session"])
    }
    let list = rows.map { String($0["id"] as Int64) }.joined(separator: ",")
    let counts = try Row.fetchAll(
      db,
      sql: """
        SELECT memory, count(*) AS passages FROM embeddings WHERE memory IN (\(list))
        GROUP BY memory HAVING count(*) > 1
        """)
    for row in counts { state.passageCounts[row["memory"]] = row["passages"] }
  }
}
