internal import Dispatch
internal import Records

/// Who may move the index: one thread at a time.
package final class Turns: Sendable {
  /// A semaphore and no lock: a turn may end on another thread than the one that took it.
  ///
  /// It begins with 0, because one that goes with less than it began with ends the process.
  private let free = DispatchSemaphore(value: 0)
  private let patience: Duration

  /// - Parameter patience: how long a turn is waited for. Whoever has it may be reading all memories, as
  ///   the first search of a process does.
  package init(patience: Duration = .seconds(60)) {
    self.patience = patience
    free.signal()
  }

  /// Waits for the turn, which is ended by `end()`.
  ///
  /// - Throws: `unavailable` when it does not come; `CancellationError` when nobody is interested any
  ///   more.
  package func take() throws {
    let deadline = ContinuousClock.now + patience
    while free.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if Interest.isGone() { throw CancellationError() }
      guard ContinuousClock.now < deadline else {
        throw ServiceError(
          .unavailable, "The index is being brought up to date, which takes long; try again.",
          retryAfterMilliseconds: 1000)
      }
    }
  }

  /// Gives the turn to whoever waits.
  package func end() { free.signal() }
}
