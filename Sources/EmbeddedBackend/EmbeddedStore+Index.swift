internal import Foundation
internal import GRDB
internal import Records
internal import VectorEngine

/// The index beside the database.
extension EmbeddedStore {
  /// How index and database compare.
  package struct IndexReport: Hashable, Sendable {
    /// Vectors of the database that a search should find.
    package var vectors = 0
    /// Those that the index lacks.
    package var missing = 0
    /// Those whose user, session, time, memory or vector is another one in the index.
    package var different = 0
    /// Rows of the index that the database does not have.
    package var surplus = 0
    /// The first of them, in words.
    package var examples: [String] = []
    /// Why the folder could not be used as it was found, so that it was built again before the rest was
    /// compared.
    package var damage: String?

    package var agrees: Bool { missing == 0 && different == 0 && surplus == 0 }
  }

  /// How often a search begins again because other processes have published meanwhile.
  private static let attempts = 1000

  /// How often damage is met before it is an error: a compaction may have moved it to another state.
  private static let mendings = 3

  /// Runs the body with the right to move the index; again when others have published meanwhile or are
  /// publishing, and when the index turned out to be damaged, built anew.
  ///
  /// The index can go forward to the state a transaction sees, never back; so a transaction begins only
  /// while no other can move the index past it.
  func withIndex<R>(_ body: (DerivedIndex.Turn) throws -> R) throws -> R {
    try Self.translating(path) {
      let deadline = ContinuousClock.now + patience
      var attempts = 0
      var mendings = 0
      while true {
        let turn = try index.takeTurn()
        do {
          return try body(turn)
        } catch is VectorIndex.Moved where attempts < Self.attempts {
          attempts += 1
        } catch is VectorIndex.Occupied where ContinuousClock.now < deadline {
          // Neither the transaction nor the right to move the index is held meanwhile.
          Thread.sleep(forTimeInterval: .random(in: 0.001...0.005))
        } catch let error as EngineError
          where error.code == .corrupt && mendings < Self.mendings
        {
          mendings += 1
          try index.takeTurn().condemn("\(error)", generation: turn.generation)
        }
      }
    }
  }

  /// Publishes all vectors, so that the next process to start has nothing to read but the index.
  ///
  /// - Parameter purging: whether no file of the index may hold a byte of what is deleted any more.
  package func settleIndex(purging: Bool = false) throws {
    do {
      try withIndex { turn in
        let published = try pool.read { db in
          try Schema.checkUnchanged(db)
          return try turn.withVectors(of: db) { try $0.publish(emptying: purging) }
        }
        if let published { try merge(published, purging) }
      }
    } catch is VectorIndex.Occupied {
      throw ServiceError(
        .unavailable,
        "Another process holds the files of the index and does not finish, so they "
          + (purging ? "may still hold what was deleted" : "do not have the latest memories")
          + ". Run this again.", retryAfterMilliseconds: 1000)
    }
  }

  private func merge(_ published: VectorCollection, _ purging: Bool) throws {
    do {
      if purging {
        try index.keepingOffMerges { _ = try published.compact(.deleted, patience: patience) }
      } else {
        _ = try published.compact(.due, patience: patience)
      }
    } catch let error as EngineError where error.code == .busy {
      // Whoever merges meanwhile does what is due, but may have begun before something was deleted.
      if purging { throw VectorIndex.Occupied() }
    }
  }

  /// Builds the index again from the database.
  package func rebuildIndex() throws {
    try index.takeTurn().condemn("asked for", generation: nil)
    try settleIndex()
  }

  /// Checks every byte of the index, and compares it with the database row by row.
  ///
  /// What is found damaged is built again before it is compared; the report says so.
  package func verifyIndex() throws -> IndexReport {
    // Before anybody searches, which would mend it.
    let damage = try damageOfIndex()
    var report = try withIndex { turn in
      try pool.read { db in
        try Schema.checkUnchanged(db)
        return try turn.withVectors(of: db) { try Self.compare($0.collection, db) }
      }
    }
    report.damage = damage
    return report
  }

  /// What keeps the folder from being the index; nil when nothing does, or there is none.
  private func damageOfIndex() throws -> String? {
    guard let index = PublishedIndex(indexFolder) else { return nil }
    do {
      let published = try VectorCollection.published(at: index.url)
      try index.collection().verify()
      return try pool.read { try PublishedIndex.objection(to: published, $0)?.rawValue }
    } catch let error as EngineError where error.code != .inputOutput {
      return error.message
    }
  }

  /// Begins the folder anew when it is of a later state than the database, which somebody has put back.
  ///
  /// To be called before the database is written to: once its counting has passed the folder's, nothing
  /// would tell the two apart.
  func dropLaterIndex(_ log: (String) -> Void) throws {
    guard let index = PublishedIndex(indexFolder) else { return }
    let published: (generation: UInt64, position: UInt64, label: String)
    do throws(EngineError) {
      published = try VectorCollection.published(at: index.url)
    } catch {
      // What cannot be read for now may well be later; what is damaged is built again anyway.
      guard error.code == .inputOutput else { return }
      throw StorageError(.inputOutput, "The index cannot be looked at: \(error)")
    }
    guard try pool.read({ try PublishedIndex.objection(to: published, $0) }) == .later else {
      return
    }
    log("the index is built again from the database: \(PublishedIndex.Objection.later.rawValue)")
    do {
      _ = try VectorCollection(
        resetting: index.url, .init(dimension: 1), label: "", generation: published.generation)
    } catch {
      throw StorageError(.inputOutput, "The index of another state cannot be removed: \(error)")
    }
  }

  private static let rowsOfBatch = 2000

  private static func compare(
    _ collection: VectorCollection?, _ db: Database
  ) throws -> IndexReport {
    try collection?.verify()
    var report = IndexReport()
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT embeddings.id AS id, embeddings.vector AS vector, users.name AS user,
          memories.session_id AS session,
          coalesce(memories.occurred_at, memories.created_at) AS time
        FROM embeddings JOIN memories ON memories.id = embeddings.memory
          JOIN users ON users.id = memories.user
        WHERE memories.superseded_by IS NULL
        """)
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    while let row = try rows.next() {
      try VectorIndex.append(row, to: &batch)
      guard batch.ids.count >= rowsOfBatch else { continue }
      try compare(batch, collection, &report)
      batch = VectorBatch(ids: [], scopes: [], rows: [])
    }
    try compare(batch, collection, &report)
    let known = report.vectors - report.missing
    report.surplus = (collection?.statistics.rows ?? 0) - known
    return report
  }

  /// A collection of the batch alone tells what the engine makes of it, which must be the same bit for
  /// bit.
  private static func compare(
    _ batch: VectorBatch, _ collection: VectorCollection?, _ report: inout IndexReport
  ) throws {
    guard !batch.ids.isEmpty else { return }
    report.vectors += batch.ids.count
    let expected = VectorCollection(
      try .init(dimension: batch.rows.count / batch.ids.count, metric: .cosine))
    try expected.upsert(batch)
    let wanted = try expected.rows(withIDs: batch.ids)
    let found = try collection?.rows(withIDs: batch.ids) ?? batch.ids.map { _ in nil }
    for (wanted, found) in zip(wanted, found) where wanted != found {
      if found == nil { report.missing += 1 } else { report.different += 1 }
      guard report.examples.count < 10, let wanted else { continue }
      let passage = PassageRow(row: wanted.id)
      report.examples.append(
        "passage \(passage.passage) of memory \(passage.memory) is "
          + (found == nil ? "missing" : "another one"))
    }
  }

  /// Gives the database a name of its own, so that an index can tell whether it is of this one.
  static func identify(_ db: Database) throws {
    try db.execute(
      sql: "INSERT OR IGNORE INTO settings VALUES ('database', lower(hex(randomblob(16))))")
  }
}
