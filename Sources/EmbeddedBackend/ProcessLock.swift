internal import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A lock that at most one process holds at a time.
///
/// The system releases it when its holder dies, so nothing is ever left locked. Threads of one process
/// share the descriptor, so the system does not keep them apart: the lock is only taken inside the
/// database's writer queue, which does.
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

  /// How long to wait for a process that holds the lock; it may have been suspended.
  private static let patience = Duration.seconds(30)

  /// Runs the body while holding the lock.
  ///
  /// - Throws: `unavailable` when another process does not let go of it.
  func withLock<R>(_ body: () throws -> R) throws -> R {
    try acquire()
    defer { flock(descriptor, LOCK_UN) }
    return try body()
  }

  private func acquire() throws {
    let deadline = ContinuousClock.now + Self.patience
    var pause: UInt32 = 50
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        guard ContinuousClock.now < deadline else {
          throw ServiceError(
            .unavailable, "Another process is writing and does not finish; try again.",
            retryAfterMilliseconds: 1000)
        }
        usleep(pause)
        pause = min(2 * pause, 2_000)
      default:
        throw StorageError(.inputOutput, "The lock of the database failed: \(Self.reason).")
      }
    }
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
