internal import GRDB
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Folds the log into the database when it has grown.
///
/// Everything here is to be called while the lock of the writers is held and no transaction is open, so
/// that no commit of any process is under way. What was committed is durable whether or not a checkpoint
/// succeeds, so a failure is only noted.
final class Checkpoints: Sendable {
  /// How long SQLite waits for others.
  static let busyMilliseconds = 30_000

  private let path: String
  private let pages: Int
  private let log: @Sendable (String) -> Void
  /// Before when readers are not waited for again.
  private let rest = Mutex(ContinuousClock.now)

  /// - Parameter path: that of the database.
  /// - Parameter pages: how long the log grows before a checkpoint is due, in pages of 8 KiB.
  init(path: String, pages: Int, log: @escaping @Sendable (String) -> Void) {
    self.path = path
    self.pages = pages
    self.log = log
  }

  func runWhenDue(_ db: Database) {
    do {
      var status = stat()
      // Asked after every commit, so nothing but the system is asked.
      let size = unsafe stat(path + "-wal", &status) == 0 ? Int(status.st_size) : 0
      guard size > pages * Schema.pageBytes else { return }
      let frames = try db.checkpoint(.passive).walFrameCount
      // Where somebody always reads, the log never comes to begin anew by itself.
      if frames > 4 * pages { try restart(db) }
    } catch {
      log("the log of the database could not be folded in: \(error)")
    }
  }

  /// How long the readers of earlier states are waited for, and how long it is until the next time when
  /// they did not end.
  private static let patienceMilliseconds = 250
  private static let pause = Duration.seconds(2)

  /// Waits until nobody reads from the log any more, so that the next commit begins it anew. Who begins
  /// to read meanwhile needs the log no more, because all of it was folded in.
  private func restart(_ db: Database) throws {
    guard rest.withLock({ $0 <= .now }) else { return }
    try db.execute(sql: "PRAGMA busy_timeout = \(Self.patienceMilliseconds)")
    defer {
      do {
        try db.execute(sql: "PRAGMA busy_timeout = \(Self.busyMilliseconds)")
      } catch {
        log("the time to wait could not be set back: \(error)")
      }
    }
    do {
      _ = try db.checkpoint(.restart)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      rest.withLock { $0 = .now + Self.pause }
    }
  }
}
