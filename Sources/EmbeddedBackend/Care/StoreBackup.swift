package import Foundation
internal import GRDB
package import Records

/// Copies of a store's database that stand for themselves.
///
/// The vector index is not in them: it is derived, and made again.
package enum StoreBackup {
  /// Writes the database of a store, as it is at one moment, to a file.
  ///
  /// Everybody goes on reading and writing meanwhile. The file has its name once it is complete, durable,
  /// looked through, and holds as many records as that moment did.
  ///
  /// - Parameter replacing: whether a file of that name may go.
  /// - Throws: `conflict` when there is one and it may not; `StorageError`.
  package static func write(
    _ store: EmbeddedStore, to file: URL, replacing: Bool
  ) throws -> StoreContents {
    let isThere = FileManager.default.fileExists(atPath: file.path)
    guard replacing || !isThere else {
      throw ServiceError(.conflict, "\(file.path) is there already; --force replaces it.")
    }
    // Its log and its locks are as much a part of it.
    let database = store.file.resolvingSymlinksInPath()
    let target = file.deletingLastPathComponent().resolvingSymlinksInPath()
    let name = file.lastPathComponent
    let isOfStore =
      name == EmbeddedStore.fileName || name.hasPrefix(EmbeddedStore.fileName + "-")
      || name.hasSuffix(".lock")
    guard target != database.deletingLastPathComponent() || !isOfStore else {
      throw ServiceError(.invalidArgument, "\(file.path) is a part of the database itself.")
    }
    let copy = DatabaseFile(url: beside(file))
    do {
      try copy.create()
      let queue = try EmbeddedStore.translating(copy.url.path) {
        try DatabaseQueue(path: copy.url.path, configuration: DatabaseFile.copying)
      }
      let expected = try store.copy(into: queue)
      try copy.settle(queue)
      guard try copy.verify() == expected else {
        throw StorageError(.damaged, "The copy does not hold what the database does.")
      }
      try copy.move(to: file, replacing: replacing)
      return expected
    } catch {
      try? copy.remove()
      throw error
    }
  }

  /// Makes a backup the database of a directory in which no process works.
  ///
  /// Whatever happens in between, the directory holds either the database that it had or the one of the
  /// backup. The index folder goes, because it belongs to the old one.
  ///
  /// - Parameter replacing: whether a database that is there may go.
  /// - Throws: `StorageError` for a backup that is damaged or newer than this program, `unavailable`
  ///   while a process uses the directory, `conflict` when there is a database and it may not go.
  package static func restore(
    _ backup: URL, into directory: URL, replacing: Bool
  ) throws -> StoreContents {
    let contents = try DatabaseFile(url: backup).verify()
    try DataDirectory.create(directory)
    guard let alone = try DirectoryUse.alone(directory) else {
      throw ServiceError(
        .unavailable,
        "Another process works in \(directory.path): stop the servers there, then restore.")
    }
    return try withExtendedLifetime(alone) {
      let database = directory.appendingPathComponent(EmbeddedStore.fileName)
      let isThere = FileManager.default.fileExists(atPath: database.path)
      guard replacing || !isThere else {
        throw ServiceError(
          .conflict, "There is a database in \(directory.path) already; --force replaces it.")
      }
      // Nobody else is at work here, so nobody is at work on these.
      for name in leftovers(beside: database) where name != backup.lastPathComponent {
        try DatabaseFile(url: directory.appendingPathComponent(name)).remove()
      }
      let copy = DatabaseFile(url: beside(database))
      do {
        try copy.create()
        try self.copy(backup, to: copy)
        guard try copy.verify() == contents else {
          throw StorageError(.damaged, "\(backup.path) changed while it was copied.")
        }
        try dropIndex(directory)
        try emptyLog(of: database)
        try copy.move(to: database, replacing: true)
      } catch {
        try? copy.remove()
        throw error
      }
      return contents
    }
  }

  /// The folder of the derived index in a data directory.
  static let indexFolder = "index"

  private static func beside(_ file: URL) -> URL {
    file.deletingLastPathComponent().appendingPathComponent(
      copyPrefix(file) + "\(ProcessInfo.processInfo.processIdentifier)")
  }

  private static func copyPrefix(_ file: URL) -> String { ".\(file.lastPathComponent).new-" }

  /// The copies beside a file that were not given its name: of attempts that are under way, or were
  /// killed.
  static func leftovers(beside file: URL) -> [String] {
    let folder = file.deletingLastPathComponent().path
    // Where the folder cannot be read, nothing else can be done either, and says so.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix(copyPrefix(file)) }.sorted()
  }

  private static func copy(_ backup: URL, to copy: DatabaseFile) throws {
    let target = try EmbeddedStore.translating(copy.url.path) {
      let source = try DatabaseQueue(path: backup.path, configuration: DatabaseFile.reading)
      let target = try DatabaseQueue(path: copy.url.path, configuration: DatabaseFile.copying)
      try source.backup(to: target)
      try source.close()
      return target
    }
    try copy.settle(target)
  }

  /// Before the database goes: an index that is there would be taken for that of the new one.
  private static func dropIndex(_ directory: URL) throws {
    let folder = directory.appendingPathComponent(indexFolder)
    if FileManager.default.fileExists(atPath: folder.path) {
      try FileManager.default.removeItem(at: folder)
    }
  }

  /// Folds the log into the database that is about to go, so that no log of the one is found beside the
  /// other, whenever the power fails. The log of a database that cannot be read any more is removed.
  private static func emptyLog(of database: URL) throws {
    if FileManager.default.fileExists(atPath: database.path) { try foldLog(of: database) }
    // Also when the database itself is gone: its log would be played into the new one.
    for ending in ["-wal", "-shm", "-journal"]
    where FileManager.default.fileExists(atPath: database.path + ending) {
      try FileManager.default.removeItem(atPath: database.path + ending)
    }
  }

  /// Only a log that belongs to a damaged database may be given up: any other failure passes.
  private static func foldLog(of database: URL) throws {
    do {
      var configuration = DatabaseFile.copying
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: database.path, configuration: configuration)
      try queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
      try queue.close()
    } catch let error as DatabaseError
      where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    {
      // Damaged, and about to be replaced.
    } catch let error as DatabaseError {
      throw StorageError.translated(error, database.path)
    }
  }
}
