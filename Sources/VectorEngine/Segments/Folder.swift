#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif
#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The folder of a collection: its names, and the locks that keep its writers apart.
struct Folder: Sendable {
  /// Held while a state is published, never longer than one seal.
  static let lock = "lock"
  /// Held by whoever compacts; seals do not wait for it.
  static let compactionLock = "compaction.lock"
  /// A segment while it is sealed, before it has its name.
  static let sealing = "sealing.new"
  /// A segment while it is merged.
  static let compacting = "compaction.new"

  let path: String
  let files: any FileSystem

  init(_ path: String, _ files: any FileSystem = LocalFiles()) {
    self.path = path
    self.files = files
  }

  func path(of name: String) -> String { path + "/" + name }

  /// Makes the folder unless it is there; its parent must exist.
  func create() throws(EngineError) {
    guard unsafe mkdir(path, 0o755) == 0 else {
      guard errno == EEXIST else { throw .fromSystem("create", path) }
      return
    }
    // The new folder's name lies in its parent.
    try files.synchronise(folder: path + "/..")
  }

  func exists(_ name: String) -> Bool { unsafe access(path(of: name), F_OK) == 0 }

  /// The first bytes of a file, fewer when it is shorter; nil when there is none.
  func beginning(of name: String, count: Int) throws(EngineError) -> [UInt8]? {
    let path = path(of: name)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let error = EngineError.fromSystem("open", path)
      guard exists(name) else { return nil }
      throw error
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let length = unsafe bytes.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
    }
    guard length >= 0 else { throw .fromSystem("read", path) }
    bytes.removeLast(count - length)
    return bytes
  }

  /// Gives a file its final name, replacing what had it, and returns when that is durable.
  func publish(_ temporary: String, as name: String) throws(EngineError) {
    try files.rename(path(of: temporary), to: path(of: name))
    try files.synchronise(folder: path)
  }

  /// The name of the segment with a number.
  static func segmentName(_ number: UInt64) -> String {
    let digits = String(number)
    return "segment-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".rvs"
  }

  /// The segments that are there, listed or not.
  func segmentNames() throws(EngineError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).filter {
        $0.hasPrefix("segment-") && $0.hasSuffix(".rvs")
      }.sorted()
    } catch {
      throw EngineError(.inputOutput, "\(path) cannot be read: \(error)")
    }
  }

  /// Removes a file that may not be there; one that stays is overwritten or removed another time.
  func discard(_ name: String) { try? files.remove(path(of: name)) }

  /// How long a lock is waited for: far longer than a seal takes, but its holder may be suspended.
  static let patience = Duration.seconds(30)

  /// Runs the body while no other process or collection holds this lock of the folder.
  ///
  /// - Throws: `busy` when somebody else does not let go of it.
  func withLock<R>(
    _ name: String = Folder.lock, patience: Duration = Folder.patience,
    _ body: () throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let held = try FolderLock(path(of: name), until: .now + patience)
    defer { _ = held }
    guard held.isHeld else {
      throw EngineError(
        .busy, "Another process holds \(path(of: name)) and does not let go of it; try again.")
    }
    return try body()
  }

  /// The same, or nil when somebody holds it.
  func withLockIfFree<R>(
    _ name: String = Folder.lock, _ body: () throws(EngineError) -> R
  ) throws(EngineError) -> R? {
    let held = try FolderLock(path(of: name), until: .now)
    guard held.isHeld else { return nil }
    return try body()
  }
}

/// A lock that the system releases when its holder lets go of it or dies.
private final class FolderLock {
  private let descriptor: Int32
  let isHeld: Bool

  /// Tries until it has the lock or the deadline has passed: the system's own waiting has no end.
  init(_ path: String, until deadline: ContinuousClock.Instant) throws(EngineError) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fromSystem("open", path) }
    var pause = Self.pauses.lowerBound
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      guard code == EWOULDBLOCK else {
        let error = EngineError.fromSystem("lock", path)
        close(descriptor)
        throw error
      }
      guard ContinuousClock.now < deadline else {
        isHeld = false
        return
      }
      usleep(.random(in: pause / 2...pause))
      pause = min(2 * pause, Self.pauses.upperBound)
    }
    isHeld = true
  }

  /// Microseconds between two trials.
  private static let pauses: ClosedRange<UInt32> = 200...5_000

  deinit { close(descriptor) }
}
