internal import Dispatch
internal import GRDB
internal import Records
internal import Synchronization

/// Lets the writes of several threads become durable together.
///
/// Making a commit durable takes the disk milliseconds, however little is in it. So of the threads that
/// want to write, one leads: it runs what the others want after its own, each of them undone by itself
/// when it throws, commits once, and wakes them all. Then whoever waits longest leads.
final class WriteQueue: Sendable {
  /// Runs the body in a transaction, and the second closure right after the commit.
  typealias Transactor =
    @Sendable (_ body: (Database) throws -> Void, _ committed: () -> Void) throws -> Void

  private struct State {
    var waiting: [PendingWrite] = []
    var isLed = false
    /// How many must wait before the leader, who waits for them, is woken; 0 when it does not wait.
    var expected = 0
    var previousGroup = 1
    var previousCommit = Duration.zero
  }

  private let state = Mutex(State())
  /// Rung when something comes that the leader waits for.
  private let arrival = DispatchSemaphore(value: 0)
  private let transact: Transactor

  init(_ transact: @escaping Transactor) { self.transact = transact }

  /// So many writes share a commit at most, and so long they are gathered: other processes wait.
  static let largestGroup = 256
  private static let gathering = Duration.milliseconds(20)
  /// So many may wait; each of them keeps a thread.
  static let mostWaiting = 1024
  /// How long a write waits for its turn.
  private static let patience = Duration.seconds(40)

  /// How many writes wait for their turn.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs the body in a transaction, alone among all writes; when this returns, it is durable.
  ///
  /// The body may run on the thread of another caller, while this one waits.
  ///
  /// - Throws: what the body throws, having undone what it did; `unavailable` when too many wait;
  ///   `CancellationError` when nobody is interested any more and the body has not begun.
  func run<R>(_ body: (Database) throws -> R) throws -> R {
    var result: R?
    try perform { db in result = try body(db) }
    guard let result else { throw StorageError(.inputOutput, "The transaction did not end.") }
    return result
  }

  private func perform(_ body: (Database) throws -> Void) throws {
    try withoutActuallyEscaping(body) { body in
      let write = PendingWrite(body)
      // Nothing may keep the closure beyond this call.
      defer { write.dropBody() }
      if try enter(write) || waitForTurn(write) { lead() }
      if let failure = write.failure { throw failure }
    }
  }

  /// Puts a write in the queue; true when it leads, because nobody does.
  private func enter(_ write: PendingWrite) throws -> Bool {
    let (leads, completes) = try state.withLock { state in
      guard state.waiting.count < Self.mostWaiting else { throw Self.overloaded }
      state.waiting.append(write)
      let completes = state.expected > 0 && state.waiting.count >= state.expected
      if completes { state.expected = 0 }
      guard !state.isLed else { return (false, completes) }
      state.isLed = true
      write.isLeader = true
      return (true, completes)
    }
    // Once for all that are expected: each wake of the leader would take a processor from those to come.
    if completes { arrival.signal() }
    return leads
  }

  /// Waits until the write is done, or until it leads; then this is true.
  private func waitForTurn(_ write: PendingWrite) throws -> Bool {
    let deadline = ContinuousClock.now + Self.patience
    while !write.wait(milliseconds: 100) {
      let isGone = Interest.isGone()
      guard isGone || ContinuousClock.now > deadline else { continue }
      // What has begun is waited for: its end is near, and it must be known.
      let left = state.withLock { state in
        guard !write.isLeader, let place = state.waiting.firstIndex(where: { $0 === write }) else {
          return false
        }
        state.waiting.remove(at: place)
        return true
      }
      if left { throw isGone ? CancellationError() : Self.overloaded }
    }
    return !write.isOver
  }

  static var overloaded: ServiceError {
    ServiceError(
      .unavailable, "Too many writes are waiting; try again.", retryAfterMilliseconds: 1000)
  }

  // MARK: Leading

  /// The writes of one transaction, in their order.
  private struct Group {
    var writes: [PendingWrite] = []
    /// Since when others are kept out.
    var start = ContinuousClock.now
    /// Until when it is waited for more to come, once nothing is left in the queue.
    var lastCall: ContinuousClock.Instant?
    var filled = ContinuousClock.now
  }

  private func lead() {
    var group = Group()
    do {
      try transact({ db in try fill(&group, db) }, { self.finish(group) })
    } catch {
      // Where no transaction could even begin, nobody who waits would fare better.
      if group.writes.isEmpty {
        group.writes = state.withLock { state in
          defer { state.waiting = [] }
          return state.waiting
        }
      }
      for write in group.writes { write.finish(write.failure ?? error) }
    }
    let next = state.withLock { state in
      let next = state.waiting.first
      next?.isLeader = true
      state.isLed = next != nil
      return next
    }
    next?.wake()
  }

  private func finish(_ group: Group) {
    let commit = ContinuousClock.now - group.filled
    state.withLock { state in
      state.previousGroup = group.writes.count
      state.previousCommit = commit
    }
    for write in group.writes { write.finish(write.failure) }
  }

  private func fill(_ group: inout Group, _ db: Database) throws {
    group.start = .now
    while let write = next(for: &group) {
      group.writes.append(write)
      if group.writes.count == 1 {
        // Nothing else is in the transaction yet, so it goes with this one, without a savepoint.
        try write.body?(db)
        continue
      }
      do {
        try Self.inSavepoint(db) { try write.body?(db) }
      } catch {
        // On a full disk SQLite may give up the whole transaction, and with it everybody's writes.
        guard db.isInsideTransaction else { throw error }
        write.failure = error
      }
    }
    group.filled = .now
  }

  /// Runs the body so that it is undone by itself when it throws; the statements around it are prepared
  /// once for each connection.
  private static func inSavepoint(_ db: Database, _ body: () throws -> Void) throws {
    try db.cachedStatement(sql: "SAVEPOINT one_write").execute()
    do {
      try body()
    } catch {
      if db.isInsideTransaction {
        try db.cachedStatement(sql: "ROLLBACK TO SAVEPOINT one_write").execute()
        try db.cachedStatement(sql: "RELEASE SAVEPOINT one_write").execute()
      }
      throw error
    }
    try db.cachedStatement(sql: "RELEASE SAVEPOINT one_write").execute()
  }

  /// The next write of the group; nil when it is to be committed.
  private func next(for group: inout Group) -> PendingWrite? {
    let now = ContinuousClock.now
    let count = group.writes.count
    guard count == 0 || (count < Self.largestGroup && now - group.start < Self.gathering) else {
      return nil
    }
    while true {
      let (write, commit) = state.withLock { state -> (PendingWrite?, Duration?) in
        guard state.waiting.isEmpty else { return (state.waiting.removeFirst(), nil) }
        // Those that the last commit woke are about to write again; what a commit takes is well spent
        // on having them in this one.
        state.expected = max(0, state.previousGroup - count)
        return (nil, state.expected > 0 ? state.previousCommit : nil)
      }
      if let write { return write }
      guard let commit else { return nil }
      let lastCall = group.lastCall ?? .now + min(commit, Self.gathering / 4)
      group.lastCall = lastCall
      let left = Int((lastCall - .now) / .nanoseconds(1))
      guard left > 0, arrival.wait(timeout: .now() + .nanoseconds(left)) == .success else {
        return state.withLock { state in
          state.expected = 0
          return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
      }
    }
  }
}

/// A write that a thread waits for.
///
/// The leader touches it between taking it from the queue and waking its owner, the owner before and
/// after; the queue's lock and the bell order the two.
private final class PendingWrite: @unchecked Sendable {
  private(set) var body: ((Database) throws -> Void)?
  /// Why it was undone.
  var failure: (any Error)?
  /// Set under the queue's lock.
  var isLeader = false
  private(set) var isOver = false
  private let bell = DispatchSemaphore(value: 0)

  init(_ body: @escaping (Database) throws -> Void) { self.body = body }

  /// Waits for the bell; false when it did not ring in time.
  func wait(milliseconds: Int) -> Bool {
    bell.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
  }

  func wake() { bell.signal() }

  func finish(_ failure: (any Error)?) {
    guard !isOver else { return }
    self.failure = failure
    isOver = true
    dropBody()
    wake()
  }

  func dropBody() { body = nil }
}
