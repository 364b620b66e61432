#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A file that is written from front to back and then made durable.
struct FolderFile: ~Copyable {
  private let descriptor: Int32
  private let path: String

  /// Creates the file, or empties it when it is there.
  init(creating path: String) throws(EngineError) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fromSystem("create", path) }
  }

  deinit { close(descriptor) }

  /// Appends the elements' bytes.
  func write<Element: BitwiseCopyable>(_ elements: Span<Element>) throws(EngineError) {
    let failed: EngineError? = unsafe elements.withUnsafeBytes { bytes in
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

  /// Returns when the bytes are on the device.
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

/// What is done to folders and names in them.
enum Folder {
  /// Makes the folder unless it is there; its parent must exist.
  static func create(_ path: String) throws(EngineError) {
    guard unsafe mkdir(path, 0o755) == 0 else {
      guard errno == EEXIST else { throw .fromSystem("create", path) }
      return
    }
    // The new folder's name lies in its parent.
    try synchronise(path + "/..")
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Gives a file another name, replacing what had it, and returns when the folder is durable.
  static func rename(_ old: String, to new: String, in folder: String) throws(EngineError) {
    guard systemRename(old, new) == 0 else { throw .fromSystem("rename", old) }
    try synchronise(folder)
  }

  /// Returns when the names in the folder are on the device.
  static func synchronise(_ folder: String) throws(EngineError) {
    let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fromSystem("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .fromSystem("make durable", folder) }
  }

  /// Runs the body while no other process or collection runs one in the same folder.
  static func withLock<R>(
    _ folder: String, _ body: () throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let path = folder + "/lock"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fromSystem("open", path) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .fromSystem("lock", path) }
    }
    return try body()
  }

  private static func systemRename(_ old: String, _ new: String) -> Int32 {
    #if canImport(Glibc)
    unsafe Glibc.rename(old, new)
    #else
    unsafe Darwin.rename(old, new)
    #endif
  }
}
