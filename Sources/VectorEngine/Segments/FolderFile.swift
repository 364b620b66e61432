#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What a writer asks of the file system.
///
/// Tests put one in its place that fails, or that forgets what was not made durable.
package protocol FileSystem: Sendable {
  /// Creates a file, or empties it when it is there.
  func create(_ path: String) throws(EngineError) -> any WritableFile
  /// Gives a file another name, replacing what had it.
  func rename(_ old: String, to new: String) throws(EngineError)
  /// Takes a file's name away.
  func remove(_ path: String) throws(EngineError)
  /// Returns when the names in a folder are on the device.
  func synchronise(folder: String) throws(EngineError)
}

/// A file that is written from front to back and then made durable.
package protocol WritableFile: AnyObject {
  /// Appends bytes.
  func write(_ bytes: Span<UInt8>) throws(EngineError)
  /// Returns when the bytes are on the device.
  func synchronise() throws(EngineError)
}

/// The file system of the machine.
package struct LocalFiles: FileSystem {
  package init() {}

  package func create(_ path: String) throws(EngineError) -> any WritableFile {
    try LocalFile(creating: path)
  }

  package func rename(_ old: String, to new: String) throws(EngineError) {
    #if canImport(Glibc)
    let failed = unsafe Glibc.rename(old, new)
    #else
    let failed = unsafe Darwin.rename(old, new)
    #endif
    guard failed == 0 else { throw .fromSystem("rename", old) }
  }

  package func remove(_ path: String) throws(EngineError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .fromSystem("remove", path) }
  }

  package func synchronise(folder: String) throws(EngineError) {
    let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fromSystem("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .fromSystem("make durable", folder) }
  }
}

private final class LocalFile: WritableFile {
  private let descriptor: Int32
  private let path: String

  init(creating path: String) throws(EngineError) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fromSystem("create", path) }
  }

  deinit { close(descriptor) }

  func write(_ bytes: Span<UInt8>) throws(EngineError) {
    let failed: EngineError? = unsafe bytes.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        guard let base = bytes.baseAddress else { return nil }
        let step = unsafe Self.systemWrite(descriptor, base + written, bytes.count - written)
        if step < 0 {
          if errno == EINTR { continue }
          return .fromSystem("write", path)
        }
        written += step
      }
      return nil
    }
    if let failed { throw failed }
  }

  func synchronise() throws(EngineError) {
    guard fsync(descriptor) == 0 else { throw .fromSystem("make durable", path) }
  }

  private static func systemWrite(
    _ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int
  ) -> Int {
    #if canImport(Glibc)
    unsafe Glibc.write(descriptor, bytes, count)
    #else
    unsafe Darwin.write(descriptor, bytes, count)
    #endif
  }
}
