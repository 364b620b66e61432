internal import Foundation
internal import GRDB
internal import Records
internal import VectorEngine

/// The index beside the database.
extension EmbeddedStore {
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
        } catch is FollowedIndex.Moved where attempts < Self.attempts {
          attempts += 1
        } catch is FollowedIndex.Occupied where ContinuousClock.now < deadline {
          // Neither the transaction nor the right to move the index is held meanwhile.
          Thread.sleep(forTimeInterval: .random(in: 0.001...0.005))
        } catch let error as EngineError
          where error.code == .corrupt && mendings < Self.mendings
        {
          mendings += 1
          try index.takeTurn().condemn(
            .vectors, "\(error)", generation: turn.generations[.vectors])
        } catch let damage as DerivedIndex.DamagedWords {
          guard damage.error.code == .corrupt, mendings < Self.mendings else {
            throw damage.error
          }
          mendings += 1
          try index.takeTurn().condemn(
            .words, "\(damage.error)", generation: turn.generations[.words])
        }
      }
    }
  }

  /// Publishes everything, so that the next process to start has nothing to read but the index.
  ///
  /// - Parameter purging: whether no file of the index may hold a byte of what is deleted any more.
  package func settleIndex(purging: Bool = false) throws {
    do {
      try withIndex { turn in
        let parts = try pool.read { db in
          try Schema.checkUnchanged(db)
          return try turn.withParts(of: db) { part, _ in
            // What keeps one from being published does not keep the other.
            IndexPart.allCases.map(part).map { part in
              (part, Result { try part.publish(emptying: purging) })
            }
          }
        }
        for (part, published) in parts {
          if let collection = try? published.get() { try merge(part, collection, purging) }
        }
        for (part, published) in parts {
          do {
            _ = try published.get()
          } catch let error as EngineError where part.isOfWords {
            throw DerivedIndex.DamagedWords(error: error)
          }
        }
      }
    } catch is FollowedIndex.Occupied {
      throw ServiceError(
        .unavailable,
        "Another process holds the files of the index and does not finish, so they "
          + (purging ? "may still hold what was deleted" : "do not have the latest memories")
          + ". Run this again.", retryAfterMilliseconds: 1000)
    }
  }

  private func merge(
    _ part: FollowedIndex, _ published: VectorCollection, _ purging: Bool
  ) throws {
    do {
      if purging {
        try index.keepingOffMerges {
          try part.compaction.run(.deleted, on: published, patience: patience)
        }
      } else {
        try part.compaction.run(.due, on: published, patience: patience)
      }
    } catch let error as EngineError where error.code == .busy {
      // Whoever merges meanwhile does what is due, but may have begun before something was deleted.
      if purging { throw FollowedIndex.Occupied() }
    } catch let error as EngineError where part.isOfWords {
      throw DerivedIndex.DamagedWords(error: error)
    }
  }

  /// Builds the index again from the database.
  package func rebuildIndex() throws {
    for part in IndexPart.allCases {
      try index.takeTurn().condemn(part, "asked for", generation: nil)
    }
    try settleIndex()
  }

  /// Begins a folder anew when it is of a later state than the database, which somebody has put back.
  ///
  /// To be called before the database is written to: once its counting has passed the folder's, nothing
  /// would tell the two apart.
  func dropLaterIndex(_ log: (String) -> Void) throws {
    for index in PublishedIndex.all(in: indexFolder) { try dropIfLater(index, log) }
  }

  private func dropIfLater(_ index: PublishedIndex, _ log: (String) -> Void) throws {
    let published: (generation: UInt64, position: UInt64, label: String)
    do throws(EngineError) {
      published = try VectorCollection.published(at: index.url)
    } catch {
      // What cannot be read for now may well be later; what is damaged is built again anyway.
      guard error.code == .inputOutput else { return }
      throw StorageError(.inputOutput, "The index cannot be looked at: \(error)")
    }
    guard try pool.read({ try index.objection(to: published, $0) }) == .later else { return }
    log(
      "\(index.part.rows.name) is built again from the database: "
        + PublishedIndex.Objection.later.rawValue)
    do {
      _ = try VectorCollection(
        resetting: index.url, .init(dimension: 1), label: "", generation: published.generation)
    } catch {
      throw StorageError(.inputOutput, "The index of another state cannot be removed: \(error)")
    }
  }

  /// Gives the database a name of its own, so that an index can tell whether it is of this one.
  static func identify(_ db: Database) throws {
    try db.execute(
      sql: "INSERT OR IGNORE INTO settings VALUES ('database', lower(hex(randomblob(16))))")
  }
}
