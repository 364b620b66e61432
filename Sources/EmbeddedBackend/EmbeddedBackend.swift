package import Foundation
internal import GRDB
package import Records
package import Retrieval
internal import VectorEngine

/// Sessions and memories in SQLite, searched through an index that follows the database.
///
/// The module is called `EmbeddedBackend`, the type `EmbeddedStore`.
///
/// Any number of processes may use one directory at once. Every transaction that writes, and every
/// checkpoint, holds one lock across them: SQLite before 3.51.3 can lose committed pages when a
/// checkpoint meets a commit that restarts the log, so the two must never meet.
package final class EmbeddedStore: MemoryBackend {
  let pool: DatabasePool
  private let lock: ProcessLock
  let index: DerivedIndex
  let path: String
  private let clock: @Sendable () -> Timestamp
  private let log: @Sendable (String) -> Void

  /// Pages of the log (8 KiB each) from which a checkpoint is due.
  private static let pagesBeforeCheckpoint = 1000

  /// Opens the store of a directory, which is made when it is not there.
  ///
  /// - Parameter clock: what is expired is judged by it.
  /// - Parameter log: told of trouble that no caller needs to know.
  /// - Throws: `StorageError` for a database of a newer version, of another program or damaged, and
  ///   when the system refuses.
  package init(
    directory: URL, clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    self.clock = clock
    self.log = log
    index = DerivedIndex(directory.appendingPathComponent("index"), log: log)
    try DataDirectory.create(directory)
    let path = directory.appendingPathComponent("recollect.sqlite").path
    self.path = path
    let lock = try ProcessLock(path: directory.appendingPathComponent("write.lock").path)
    self.lock = lock
    pool = try Self.translating(path) {
      try lock.withLock {
        try Schema.checkExisting(path)
        let pool = try DatabasePool(path: path, configuration: Self.configuration)
        try pool.writeWithoutTransaction { db in
          // The pool itself asks for NORMAL; here an acknowledged write survives a power cut.
          try db.execute(sql: "PRAGMA synchronous = FULL")
          try db.inTransaction(.immediate) {
            try Schema.migrate(db, path: path)
            try Self.identify(db)
            return .commit
          }
        }
        return pool
      }
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.maximumReaderCount = 8
    configuration.prepareDatabase { db in
      // Only takes effect while the file is being made.
      try db.execute(sql: "PRAGMA page_size = 8192")
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
      // What is deleted is overwritten, in pages that stay in use and in free ones.
      try db.execute(sql: "PRAGMA secure_delete = ON")
      // A log that starts again after a checkpoint is cut to this, so its size says when the next
      // checkpoint is due.
      try db.execute(sql: "PRAGMA journal_size_limit = \(pagesBeforeCheckpoint * 8192 / 2)")
    }
    return configuration
  }

  package func read<R>(_ body: (any MemoryReader) throws -> R) throws -> R {
    try Self.translating(path) {
      try pool.read { db in
        try Schema.checkUnchanged(db)
        return try body(Transaction(db, at: clock()))
      }
    }
  }

  package func search<R>(_ body: (any MemorySearcher) throws -> R) throws -> R {
    try withIndex { turn in
      try pool.read { db in
        try Schema.checkUnchanged(db)
        let view = try turn.catchUp(with: db)
        return try body(IndexedTransaction(Transaction(db, at: clock()), view))
      }
    }
  }

  package func write<R>(_ body: (any MemoryWriter) throws -> R) throws -> R {
    try Self.translating(path) {
      try pool.writeWithoutTransaction { db in
        try lock.withLock {
          var result: R?
          try db.inTransaction(.immediate) {
            try Schema.checkUnchanged(db)
            result = try body(Transaction(db, at: clock()))
            return .commit
          }
          checkpointWhenDue(db)
          guard let result else { throw StorageError(.inputOutput, "The transaction did not end.") }
          return result
        }
      }
    }
  }

  package func erase(_ scope: Scope) throws -> Int {
    // Also when somebody still reads the old pages: what can be erased is.
    let erased = Result { try eraseRecords(scope) }
    try settleIndex(purging: true)
    return try erased.get()
  }

  private func eraseRecords(_ scope: Scope) throws -> Int {
    try Self.translating(path) {
      try pool.writeWithoutTransaction { db in
        try lock.withLock {
          var erased = 0
          try db.inTransaction(.immediate) {
            try Schema.checkUnchanged(db)
            erased = try Transaction(db, at: clock()).deleteUser(of: scope)
            return .commit
          }
          // The log still holds the pages as they were. It is cut to nothing once no reader needs
          // it, which no commit can prevent while the lock is held.
          do {
            _ = try db.checkpoint(.truncate)
          } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw ServiceError(
              .unavailable,
              "Deleted, but another process still reads the old pages; run this again to overwrite "
                + "them.", retryAfterMilliseconds: 1000)
          }
          return erased
        }
      }
    }
  }

  /// Folds the log into the database while no other process commits, and ends the connections.
  ///
  /// The lock is always taken inside the writer's queue, never around it: threads of one process
  /// share the lock's descriptor, so it is the queue that keeps them apart. (SQLite itself may fold
  /// what is left when the very last connection of all processes ends; it does so only while it
  /// keeps everybody out.)
  package func close() throws {
    try Self.translating(path) {
      try pool.writeWithoutTransaction { db in
        try lock.withLock { _ = try db.checkpoint(.passive) }
      }
      try pool.close()
    }
  }

  /// How many bytes the volume of the database still has.
  package func availableBytes() throws -> Int64 {
    let values = try URL(fileURLWithPath: path).deletingLastPathComponent()
      .resourceValues(forKeys: [.volumeAvailableCapacityKey])
    return Int64(values.volumeAvailableCapacity ?? 0)
  }

  /// Runs under the lock, right after a commit, so no commit of any process is under way. What was
  /// committed is durable whether or not this succeeds, so a failure is only noted.
  private func checkpointWhenDue(_ db: Database) {
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path + "-wal")
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size > Self.pagesBeforeCheckpoint * 8192 else { return }
      _ = try db.checkpoint(.passive)
    } catch {
      log("the log of the database could not be folded in: \(error)")
    }
  }

  static func translating<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StorageError.translated(error, path)
    }
  }
}
