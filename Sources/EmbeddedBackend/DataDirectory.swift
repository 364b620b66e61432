internal import Foundation

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The folder of a store.
enum DataDirectory {
  /// Makes the folder, readable by its owner alone, so that it survives a power cut.
  static func create(_ directory: URL) throws(StorageError) {
    do {
      guard !FileManager.default.fileExists(atPath: directory.path) else { return }
      try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StorageError(
        .inputOutput, "\(directory.path) cannot be made: \(error.localizedDescription)")
    }
    // The name of a new folder lies in its parent, which has to be synced for itself.
    let parent = directory.deletingLastPathComponent().path
    let descriptor = unsafe open(parent, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw StorageError(.inputOutput, "\(parent) cannot be made durable.")
    }
  }
}
