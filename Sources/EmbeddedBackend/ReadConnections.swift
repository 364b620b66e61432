internal import Dispatch
internal import GRDB
internal import Records
internal import Synchronization

/// The connections that searches and reads borrow, each for one transaction.
///
/// The pool of GRDB lends through two queues on which threads wait for one another, and compiles two
/// statements and asks for the version of the tables around each transaction; together that took a fifth
/// of a short request. Here lending is a lock of a moment, and what begins and ends a transaction is
/// compiled once.
final class ReadConnections: Sendable {
  private struct State {
    var idle: [DatabaseQueue] = []
    var isClosed = false
  }

  private let path: String
  private let configuration: Configuration
  private let state = Mutex(State())
  private let places: DispatchSemaphore

  /// - Parameter configuration: its number of readers is how many borrow at once; others wait.
  init(path: String, _ configuration: Configuration) {
    self.path = path
    var configuration = configuration
    configuration.readonly = true
    // One that a failed transaction was left on is dropped.
    configuration.allowsUnsafeTransactions = true
    self.configuration = configuration
    places = DispatchSemaphore(value: configuration.maximumReaderCount)
  }

  /// Lets the body see one state of the database, from its first statement to its last.
  ///
  /// - Precondition: not called by the body of another read.
  func read<R>(_ body: (Database) throws -> R) throws -> R {
    try takePlace()
    defer { places.signal() }
    let connection = try take()
    return try connection.unsafeRead { db in
      defer { if !db.isInsideTransaction { give(connection) } }
      try db.cachedStatement(sql: "BEGIN").execute()
      do {
        let result = try body(db)
        try db.cachedStatement(sql: "COMMIT").execute()
        return result
      } catch {
        if db.isInsideTransaction { try? db.cachedStatement(sql: "ROLLBACK").execute() }
        throw error
      }
    }
  }

  private static let patience = Duration.seconds(30)

  private func takePlace() throws {
    let deadline = ContinuousClock.now + Self.patience
    while places.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if Interest.isGone() { throw CancellationError() }
      guard ContinuousClock.now < deadline else {
        throw ServiceError(
          .unavailable, "Too many long reads are under way; ask again.",
          retryAfterMilliseconds: 1000)
      }
    }
  }

  private func take() throws -> DatabaseQueue {
    let idle = try state.withLock { state in
      guard !state.isClosed else {
        throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "Connection is closed")
      }
      return state.idle.popLast()
    }
    return try idle ?? DatabaseQueue(path: path, configuration: configuration)
  }

  private func give(_ connection: DatabaseQueue) {
    state.withLock { state in
      // After the end it closes with its last use.
      if !state.isClosed { state.idle.append(connection) }
    }
  }

  /// Ends the connections; one that is lent ends when it comes back.
  func close() throws {
    let idle = state.withLock { state in
      defer { state = State(idle: [], isClosed: true) }
      return state.idle
    }
    for connection in idle { try connection.close() }
  }
}
