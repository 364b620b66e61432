internal import Foundation
internal import GRDB
internal import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A database of ours in a file of its own, as a backup is.
struct DatabaseFile {
  let url: URL

  /// Looks at all of it, changing nothing.
  ///
  /// - Throws: `StorageError` when it is not a sound database of ours.
  func verify() throws -> StoreContents {
    try EmbeddedStore.translating(url.path) {
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw StorageError(.inputOutput, "There is no file \(url.path).")
      }
      let queue = try DatabaseQueue(path: url.path, configuration: Self.reading)
      let contents = try queue.read { db in
        let version = try Schema.version(of: db, path: url.path)
        guard version > 0 else {
          throw StorageError(.damaged, "\(url.path) is an empty database.")
        }
        if version < Schema.version {
          // What earlier versions lack cannot be counted; their pages can be looked at.
          try Self.refuse(try Soundness(db).damage(), url)
        } else {
          try Self.refuse(try Soundness(db).complaints(), url)
        }
        return try Soundness(db).contents()
      }
      try queue.close()
      return contents
    }
  }

  private static func refuse(_ complaints: [String], _ url: URL) throws {
    guard !complaints.isEmpty else { return }
    throw StorageError(
      .damaged, "\(url.path) is damaged: \(complaints.prefix(5).joined(separator: "; ")).")
  }

  static var reading: Configuration {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(30)
    return configuration
  }

  /// For a copy that is written by one, read by nobody, and synced when it is complete.
  static var copying: Configuration {
    var configuration = Configuration()
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
    return configuration
  }

  /// Makes an empty file that only its owner reads, in the place of what an earlier attempt left.
  func create() throws {
    try remove()
    let descriptor = unsafe open(url.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StorageError(
        .inputOutput, "\(url.path) cannot be made: \(unsafe String(cString: strerror(errno))).")
    }
    close(descriptor)
  }

  /// Makes the file one of its own, without a log beside it, and durable.
  func settle(_ queue: DatabaseQueue) throws {
    try EmbeddedStore.translating(url.path) {
      try queue.writeWithoutTransaction { db in
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
      }
      try queue.close()
    }
    try Self.sync(url.path)
  }

  /// Gives the file another name, which survives a power cut.
  ///
  /// - Parameter replacing: whether a file of that name goes.
  /// - Throws: `conflict` when there is one, which may not.
  func move(to target: URL, replacing: Bool) throws {
    // Without: whatever came there meanwhile stays.
    let isDone =
      replacing
      ? unsafe rename(url.path, target.path) == 0 : moveWithoutReplacing(to: target)
    guard isDone else {
      if errno == EEXIST {
        throw ServiceError(.conflict, "\(target.path) is there already; --force replaces it.")
      }
      throw StorageError(
        .inputOutput,
        "\(target.path) cannot be written: \(unsafe String(cString: strerror(errno))).")
    }
    try Self.sync(target.deletingLastPathComponent().path)
  }

  /// Leaves the reason of a failure in `errno`.
  private func moveWithoutReplacing(to target: URL) -> Bool {
    if unsafe link(url.path, target.path) == 0 {
      // A second name that cannot be removed is no reason to call what was moved a failure.
      _ = unsafe unlink(url.path)
      return true
    }
    guard [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { return false }
    // A file system without second names: the name is taken before it is given.
    let descriptor = unsafe open(target.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return unsafe rename(url.path, target.path) == 0
  }

  /// Removes the file and what SQLite keeps beside it, if they are there.
  func remove() throws {
    for path in [url.path + "-wal", url.path + "-shm", url.path + "-journal", url.path]
    where FileManager.default.fileExists(atPath: path) {
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// Makes a file, or the names in a folder, durable.
  private static func sync(_ path: String) throws(StorageError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw StorageError(.inputOutput, "\(path) cannot be made durable.")
    }
  }
}
