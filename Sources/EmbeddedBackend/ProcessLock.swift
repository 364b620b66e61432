#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A lock that at most one process holds at a time, and at most one thread of it.
///
/// The system releases it when its holder dies, so nothing is ever left locked.
///
/// - Note: waiting is blocking; callers are on threads of their own, never in the cooperative pool.
final class ProcessLock: Sendable {
  private let descriptor: Int32

  init(path: String) throws(StorageError) {
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StorageError(.inputOutput, "\(path) cannot be opened for locking: \(Self.reason).")
    }
  }

  deinit { close(descriptor) }

  /// Runs the body while holding the lock. Not for two threads of one process at once: the caller
  /// keeps its threads apart (they share the descriptor, so the system does not).
  func withLock<R>(_ body: () throws -> R) throws -> R {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw StorageError(.inputOutput, "The lock of the database failed: \(Self.reason).")
      }
    }
    defer { flock(descriptor, LOCK_UN) }
    return try body()
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
