package import Foundation
package import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What tells one state of a file from another without reading it.
struct FileMark: Hashable {
  private let inode: UInt64
  private let size: Int64
  private let modified: [Int]

  /// Nil when there is no such file.
  init?(_ path: String) {
    var found = stat()
    guard unsafe stat(path, &found) == 0 else { return nil }
    inode = UInt64(found.st_ino)
    size = Int64(found.st_size)
    #if canImport(Glibc)
    modified = [found.st_mtim.tv_sec, found.st_mtim.tv_nsec]
    #else
    modified = [found.st_mtimespec.tv_sec, found.st_mtimespec.tv_nsec]
    #endif
  }

  /// Another text for another state.
  var text: String { "\(inode) \(size) \(modified)" }
}

/// The file of the keys, changed by one process at a time and replaced as a whole.
package struct StoredKeys: Sendable {
  private struct Content: Codable {
    var version: Int
    var keys: [StoredKey]
  }

  private let url: URL

  /// - Parameter directory: the data directory.
  package init(directory: URL) { url = directory.appendingPathComponent("keys.json") }

  /// Whether any key was ever made, revoked ones included.
  package var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

  var mark: FileMark? { FileMark(url.path) }

  /// The keys, the oldest first; none when there is no file.
  ///
  /// - Throws: `unavailable` when it cannot be read or understood.
  package func read() throws -> [StoredKey] {
    guard exists else { return [] }
    do {
      let content = try JSON.value(Content.self, from: try Data(contentsOf: url))
      guard content.version == 1 else {
        throw ServiceError(.unavailable, "\(url.path) is of a newer version of this program.")
      }
      return content.keys
    } catch let error as ServiceError {
      throw error
    } catch {
      throw ServiceError(.unavailable, "\(url.path) cannot be read: it is damaged or not ours.")
    }
  }

  /// Makes a key and stores what recognises it; the key itself is only ever returned.
  package func create(
    name: String, user: UserID?, readOnly: Bool
  ) throws -> (key: String, stored: StoredKey) {
    let key = StoredKey.make()
    let stored = try change { keys in
      var id = StoredKey.makeID()
      while keys.contains(where: { $0.id == id }) { id = StoredKey.makeID() }
      let stored = StoredKey(
        id: id, name: name, sha256: StoredKey.digest(key), user: user, readOnly: readOnly,
        createdAt: .now())
      keys.append(stored)
      return stored
    }
    return (key, stored)
  }

  /// Ends a key; nil when there is none with that id that was not ended before.
  package func revoke(_ id: String) throws -> StoredKey? {
    try change { keys in
      guard let position = keys.firstIndex(where: { $0.id == id && $0.revokedAt == nil }) else {
        return nil
      }
      keys[position].revokedAt = .now()
      return keys[position]
    }
  }

  private func change<R>(_ body: (inout [StoredKey]) -> R) throws -> R {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    let lock = unsafe open(url.path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw refusal("locked") }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 { guard errno == EINTR else { throw refusal("locked") } }
    var keys = try read()
    let before = keys
    let result = body(&keys)
    if keys != before { try replace(by: Content(version: 1, keys: keys)) }
    return result
  }

  /// Written beside it, synced, and moved over it: a reader sees one state or the other, and a
  /// revocation that was reported outlasts a loss of power.
  private func replace(by content: Content) throws {
    let next = url.path + ".next"
    let data = try JSON.data(content) + [0x0A]
    let file = unsafe open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw refusal("written") }
    defer { close(file) }
    do {
      try FileHandle(fileDescriptor: file, closeOnDealloc: false).write(contentsOf: data)
    } catch {
      throw refusal("written")
    }
    guard fsync(file) == 0, unsafe rename(next, url.path) == 0 else { throw refusal("written") }
    let folder = unsafe open(
      url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw refusal("written") }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw refusal("written") }
  }

  private func refusal(_ verb: String) -> ServiceError {
    ServiceError(.unavailable, "\(url.path) cannot be \(verb).")
  }
}
