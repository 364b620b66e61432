internal import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A lock that at most one process holds at a time, and which they take in turns.
///
/// The system releases it when its holder dies, so nothing is ever left locked. Threads of one process
/// share the descriptor, so the system does not keep them apart: the lock is only taken inside the
/// database's writer queue, which does.
///
/// A process that always has something to write would take the lock again before anybody else has seen
/// that it was free. So whoever wants it first takes a second one, the turnstile, and keeps that until
/// it has the first: who has just been served stands behind whoever waits at the turnstile.
///
/// - Note: waiting is blocking; callers are on threads of their own, never in the cooperative pool.
final class ProcessLock: Sendable {
  static let fileName = "write.lock"
  static let turnstileName = "turn.lock"

  private let main: Int32
  private let turnstile: Int32

  /// - Parameter folder: the path of the folder of the lock's files.
  init(folder: String) throws(StorageError) {
    main = try Self.descriptor("\(folder)/\(Self.fileName)")
    do throws(StorageError) {
      turnstile = try Self.descriptor("\(folder)/\(Self.turnstileName)")
    } catch {
      close(main)
      throw error
    }
  }

  deinit {
    close(main)
    close(turnstile)
  }

  /// How long to wait for a process that holds the lock; it may have been suspended.
  private static let patience = Duration.seconds(30)
  /// How long to wait at the turnstile. It is for fairness alone, so a process that was suspended while
  /// it stood there holds nobody up for longer.
  private static let courtesy = Duration.milliseconds(500)

  /// Runs the body while holding the lock.
  ///
  /// - Throws: `unavailable` when another process does not let go of it.
  func withLock<R>(_ body: () throws -> R) throws -> R {
    try acquire()
    defer { flock(main, LOCK_UN) }
    return try body()
  }

  private func acquire() throws {
    let deadline = ContinuousClock.now + Self.patience
    let hasTurn = try Self.take(turnstile, LOCK_EX, until: .now + Self.courtesy, 200...1_500)
    defer { if hasTurn { flock(turnstile, LOCK_UN) } }
    // Only one process polls here as a rule, so it may do so often.
    guard try Self.take(main, LOCK_EX, until: deadline, 50...250) else {
      throw ServiceError(
        .unavailable, "Another process is writing and does not finish; try again.",
        retryAfterMilliseconds: 1000)
    }
  }

  // MARK: Parts

  static func descriptor(_ path: String) throws(StorageError) -> Int32 {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StorageError(.inputOutput, "\(path) cannot be opened for locking: \(reason).")
    }
    return descriptor
  }

  /// Takes a lock of a file, trying again and again; false when the deadline has passed.
  ///
  /// - Parameter pauses: how many microseconds are between two trials; chance keeps processes from
  ///   being in step.
  static func take(
    _ descriptor: Int32, _ kind: Int32, until deadline: ContinuousClock.Instant,
    _ pauses: ClosedRange<UInt32>
  ) throws -> Bool {
    while flock(descriptor, kind | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        guard ContinuousClock.now < deadline else { return false }
        usleep(.random(in: pauses))
      default: throw StorageError(.inputOutput, "The lock of the database failed: \(reason).")
      }
    }
    return true
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
