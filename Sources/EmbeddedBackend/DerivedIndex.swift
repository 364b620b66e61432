internal import Foundation
internal import GRDB
internal import LexicalIndex
internal import VectorEngine

/// The vectors and terms of all memories, as the database had them after some change.
///
/// The database is the truth. Vectors and terms lie in folders that all processes share, and are brought up
/// to date before every search from the change sequence, whichever process wrote.
final class DerivedIndex: Sendable {
  /// What one search sees.
  struct View: Sendable {
    let vectors: VectorSnapshot?
    private let terms: LexicalView
    /// How many passages the memories have that have several.
    let passageCounts: [Int64: Int]

    init(vectors: VectorSnapshot?, terms: LexicalView, passageCounts: [Int64: Int]) {
      self.vectors = vectors
      self.terms = terms
      self.passageCounts = passageCounts
    }

    /// How many memories there are.
    var memories: Int { terms.count }

    /// Lends the terms.
    ///
    /// - Throws: `DamagedWords`.
    func withTerms<R>(_ body: (LexicalView) throws(EngineError) -> R) throws(DamagedWords) -> R {
      do throws(EngineError) { return try body(terms) } catch { throw DamagedWords(error: error) }
    }

    /// The rows of memories.
    func rows(of memories: some Sequence<Int64>) throws -> [UInt64] {
      try PassageRow.rows(of: memories, passageCounts)
    }

    /// How many memories have vectors.
    var embeddedMemories: Int {
      (vectors?.count ?? 0) - passageCounts.values.reduce(0) { $0 + $1 - 1 }
    }
  }

  /// Terms could not be read; what is wrong with the vectors is said by an `EngineError` alone.
  struct DamagedWords: Error {
    let error: EngineError
  }

  private let state: State
  private let turns = Turns()

  /// - Parameter log: told of an index that has to be built again.
  init(_ folder: URL, log: @escaping @Sendable (String) -> Void) {
    state = State(folder, log: log)
  }

  /// The state that whoever has the turn may touch.
  private final class State: @unchecked Sendable {  // only touched by the holder of the turn
    let vectors: FollowedIndex
    let words: FollowedIndex
    let terms = TermRows()
    var passages = PassageCounts()

    init(_ folder: URL, log: @escaping @Sendable (String) -> Void) {
      vectors = FollowedIndex(IndexPart.vectors.folder(in: folder), VectorRows(), log: log)
      words = FollowedIndex(IndexPart.words.folder(in: folder), terms, log: log)
    }

    subscript(part: IndexPart) -> FollowedIndex { part == .vectors ? vectors : words }

    var view: View {
      View(
        vectors: vectors.collection?.snapshot(),
        terms: LexicalView(
          sealed: words.collection?.snapshot(), recent: terms.recent.snapshot()),
        passageCounts: passages.counts)
    }

    var generations: [IndexPart: UInt64] {
      var generations: [IndexPart: UInt64] = [:]
      for part in IndexPart.allCases { generations[part] = self[part].collection?.generation }
      return generations
    }
  }

  /// Waits until no other search is about to move the index, and looks what other processes have
  /// published. The transaction begins afterwards.
  ///
  /// - Throws: as `Turns.take`.
  func takeTurn() throws -> Turn {
    try turns.take()
    for part in IndexPart.allCases { state[part].prepare() }
    return Turn(self)
  }

  /// The right to move the index, given back once it was used or dropped.
  final class Turn {
    private let index: DerivedIndex
    private var isHeld = true
    /// Which published states it has brought the index to, if any.
    private(set) var generations: [IndexPart: UInt64] = [:]

    fileprivate init(_ index: DerivedIndex) { self.index = index }

    deinit { end() }

    private func end() {
      guard isHeld else { return }
      isHeld = false
      index.turns.end()
    }

    /// Brings the index to the state that the transaction sees, and gives the turn back.
    ///
    /// - Throws: `FollowedIndex.Moved` when the transaction is older than what others have published.
    func catchUp(with db: Database) throws -> View {
      defer { end() }
      defer { generations = index.state.generations }
      try index.catchUp(with: db)
      return index.state.view
    }

    /// Brings vectors and terms to the state that the transaction sees, and lends them.
    func withParts<R>(
      of db: Database, _ body: ((IndexPart) -> FollowedIndex, TermRows) throws -> R
    ) throws -> R {
      defer { end() }
      defer { generations = index.state.generations }
      try index.catchUpParts(with: db, to: DerivedIndex.sequence(db))
      let state = index.state
      return try body({ state[$0] }, state.terms)
    }

    /// Has a folder begun anew, unless that was done since a search saw this state of it.
    ///
    /// - Parameter generation: the state that will not do; nil for whatever is there.
    func condemn(_ part: IndexPart, _ reason: String, generation: UInt64?) {
      defer { end() }
      let followed = index.state[part]
      if let generation, followed.collection?.generation != generation { return }
      followed.condemn(reason)
    }
  }

  /// Runs the body while this process merges nothing; needs no turn.
  func keepingOffMerges<R>(_ body: () throws -> R) rethrows -> R {
    try state.vectors.compaction.keptOff { try state.words.compaction.keptOff(body) }
  }

  static func sequence(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(sequence) FROM changes")) ?? 0
  }

  private func catchUp(with db: Database) throws {
    let target = try Self.sequence(db)
    try catchUpParts(with: db, to: target)
    try state.passages.catchUp(with: db, to: target)
  }

  /// Damage that is met on the way means that the folder is begun anew, once.
  private func catchUpParts(with db: Database, to target: Int64) throws {
    for part in IndexPart.allCases {
      do {
        try state[part].catchUp(with: db, to: target)
      } catch let error as EngineError
        where [.corrupt, .notAnIndex, .unsupportedVersion].contains(error.code)
      {
        state[part].condemn("\(error)")
        do {
          try state[part].catchUp(with: db, to: target)
        } catch let error as EngineError where part == .words {
          throw DamagedWords(error: error)
        }
      }
    }
  }
}

/// How many passages the memories have that have several.
struct PassageCounts {
  private(set) var counts: [Int64: Int] = [:]
  /// How far in the change sequence they have come.
  private var sequence: Int64?

  mutating func catchUp(with db: Database, to target: Int64) throws {
    guard target != sequence else { return }
    if let sequence {
      let changed = try Int64.fetchAll(
        db, sql: "SELECT DISTINCT memory FROM changes WHERE sequence > ?", arguments: [sequence])
      for start in stride(from: 0, to: changed.count, by: Self.memoriesOfStep) {
        let keys = changed[start..<min(start + Self.memoriesOfStep, changed.count)]
        for key in keys { counts[key] = nil }
        try add(db, "memory IN (\(keys.map(String.init).joined(separator: ",")))")
      }
    } else {
      counts = [:]
      // Where no memory has a second passage there is nothing to be counted.
      let last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM embeddings") ?? 0
      if PassageRow(id: last).passage > 0 { try add(db, "TRUE") }
    }
    sequence = target
  }

  private static let memoriesOfStep = 2000

  /// Reads an index alone, not the vectors.
  private mutating func add(_ db: Database, _ condition: String) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT memory, count(*) AS passages FROM embeddings INDEXED BY embeddings_by_memory
        WHERE \(condition) GROUP BY memory
        HAVING count(*) > 1 AND NOT EXISTS
          (SELECT 1 FROM memories WHERE id = memory AND superseded_by IS NOT NULL)
        """)
    while let row = try rows.next() { counts[row["memory"]] = row["passages"] }
  }
}
