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
  private let readers: ReadConnections
  private let lock: ProcessLock
  private let writes: WriteQueue
  let index: DerivedIndex
  let path: String
  private let use: DirectoryUse
  private let clock: @Sendable () -> Timestamp
  /// How long whoever holds the files of the index is waited for.
  let patience: Duration

  /// The folder of the index that is derived from the database.
  var indexFolder: URL {
    file.deletingLastPathComponent().appendingPathComponent(StoreBackup.indexFolder)
  }

  /// The name of the database in its directory.
  static let fileName = "recollect.sqlite"

  /// Opens the store of a directory, which is made when it is not there.
  ///
  /// - Parameter clock: what is expired is judged by it.
  /// - Parameter pagesBeforeCheckpoint: how long the log may grow, in pages of 8 KiB.
  /// - Parameter patience: how long other processes are waited for that hold the files of the index.
  /// - Parameter log: told of trouble that no caller needs to know.
  /// - Throws: `StorageError` for a database of a newer version, of another program or damaged, and
  ///   when the system refuses; `unavailable` while it is being replaced.
  package init(
    directory: URL, clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
    pagesBeforeCheckpoint: Int = 1000, patience: Duration = .seconds(30),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    self.clock = clock
    self.patience = patience
    index = DerivedIndex(directory.appendingPathComponent(StoreBackup.indexFolder), log: log)
    try DataDirectory.create(directory)
    let path = directory.appendingPathComponent(Self.fileName).path
    self.path = path
    use = try DirectoryUse.shared(directory)
    let lock = try ProcessLock(folder: directory.path)
    self.lock = lock
    let pool = try Self.translating(path) {
      try lock.withLock { try Self.open(path, pagesBeforeCheckpoint) }
    }
    self.pool = pool
    readers = ReadConnections(path: path, Self.configuration(pagesBeforeCheckpoint))
    let checkpoints = Checkpoints(path: path, pages: pagesBeforeCheckpoint, log: log)
    writes = WriteQueue { body, committed in
      try pool.writeWithoutTransaction { db in
        try lock.withLock {
          try db.inTransaction(.immediate) {
            try Schema.checkUnchanged(db)
            try body(db)
            return .commit
          }
          committed()
          checkpoints.runWhenDue(db)
        }
      }
    }
    try Self.translating(path) { try dropLaterIndex(log) }
  }

  /// Opens a database, which is made or brought forward; to be called with the lock held.
  private static func open(_ path: String, _ pages: Int) throws -> DatabasePool {
    try Schema.checkExisting(path)
    let pool = try DatabasePool(path: path, configuration: configuration(pages))
    try pool.writeWithoutTransaction { db in
      // The pool itself asks for NORMAL; here an acknowledged write survives a power cut.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      // A large transaction that outgrew the cache would write its pages to the log more than once.
      try db.execute(sql: "PRAGMA cache_size = -16384")
      try db.inTransaction(.immediate) {
        try Schema.migrate(db, path: path)
        try identify(db)
        return .commit
      }
    }
    return pool
  }

  private static func configuration(_ pages: Int) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(Double(Checkpoints.busyMilliseconds) / 1000)
    configuration.maximumReaderCount = 8
    configuration.prepareDatabase { db in
      // Only takes effect while the file is being made.
      try db.execute(sql: "PRAGMA page_size = \(Schema.pageBytes)")
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
      // What is deleted is overwritten, in pages that stay in use and in free ones.
      try db.execute(sql: "PRAGMA secure_delete = ON")
      // What a savepoint may have to undo stays in memory; a file for it would hold users' texts.
      try db.execute(sql: "PRAGMA temp_store = MEMORY")
      // A log that starts again after a checkpoint is cut to this, so its size says when the next
      // checkpoint is due.
      try db.execute(
        sql: "PRAGMA journal_size_limit = \(pages * Schema.pageBytes / 2)")
    }
    return configuration
  }

  package func read<R>(_ body: (any MemoryReader) throws -> R) throws -> R {
    try Self.translating(path) {
      try readers.read { db in
        try Schema.checkUnchanged(db)
        return try body(Transaction(db, at: clock()))
      }
    }
  }

  package func search<R>(_ body: (any MemorySearcher) throws -> R) throws -> R {
    try withIndex { turn in
      try readers.read { db in
        try Schema.checkUnchanged(db)
        let view = try turn.catchUp(with: db)
        return try body(IndexedTransaction(Transaction(db, at: clock()), view))
      }
    }
  }

  package func write<R>(_ body: (any MemoryWriter) throws -> R) throws -> R {
    try Self.translating(path) {
      try writes.run { db in try body(Transaction(db, at: clock())) }
    }
  }

  /// How many writes of this process wait for their turn.
  package var waitingWrites: Int { writes.waitingCount }

  /// Copies the database as it is at one moment into another, while everybody goes on, and counts what
  /// that moment holds.
  func copy(into target: DatabaseQueue) throws -> StoreContents {
    try Self.translating(path) {
      try pool.read { db in
        try Schema.checkUnchanged(db)
        try target.writeWithoutTransaction { try db.backup(to: $0) }
        return try Soundness(db).contents()
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
    let deadline = ContinuousClock.now + patience
    return try Self.translating(path) {
      try pool.writeWithoutTransaction { db in
        // Whoever was before may have waited for another process as long as it may, and so may the next.
        guard ContinuousClock.now < deadline else { throw WriteQueue.overloaded }
        return try lock.withLock {
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
      // After the writer, so that SQLite leaves the log as it is: who only reads may not fold it.
      try readers.close()
    }
  }

  /// How many bytes the volume of the database still has.
  package func availableBytes() throws -> Int64 {
    try Self.availableBytes(in: file.deletingLastPathComponent())
  }

  static func availableBytes(in directory: URL) throws -> Int64 {
    let values = try directory.resourceValues(forKeys: [.volumeAvailableCapacityKey])
    return Int64(values.volumeAvailableCapacity ?? 0)
  }

  /// The database.
  package var file: URL { URL(fileURLWithPath: path) }

  static func translating<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StorageError.translated(error, path)
    }
  }
}
