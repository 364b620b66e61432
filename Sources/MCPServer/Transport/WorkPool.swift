package import Dispatch
internal import Foundation
internal import Synchronization

/// Runs pieces of work that may block, so many at a time, on threads of its own.
///
/// Threads begin when there is work and end when there was none for a while. Neither Swift's
/// cooperative pool nor Dispatch's shared one is used: both have about as many threads as the machine
/// has cores, and a few slow calls would hold up everything else in the process.
package final class WorkPool: Sendable {
  private typealias Work = @Sendable () -> Void

  private struct State {
    var threads = 0
    /// Threads that wait on the semaphore and were not signalled yet.
    var idle = 0
    var waiting: [Work] = []
  }

  private enum Start {
    case nothing
    case wake
    case thread
  }

  private let limit: Int
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let unfinished = DispatchGroup()

  /// How long a thread without work stays.
  private static let patience = DispatchTimeInterval.seconds(5)

  /// - Parameter limit: how many pieces run at once.
  package init(limit: Int) { self.limit = limit }

  /// Runs the work soon; pieces begin in the order in which they are given.
  package func run(_ work: @escaping @Sendable () -> Void) {
    unfinished.enter()
    let start = state.withLock { state -> Start in
      state.waiting.append(work)
      if state.idle > 0 {
        state.idle -= 1
        return .wake
      }
      guard state.threads < limit else { return .nothing }
      state.threads += 1
      return .thread
    }
    switch start {
    case .nothing: break
    case .wake: wake.signal()
    case .thread: Thread.detachNewThread { self.runAll() }
    }
  }

  /// Runs the work soon and waits for what it gives.
  package func result<R: Sendable>(of work: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      run { continuation.resume(returning: work()) }
    }
  }

  /// Waits until nothing is left to do, at most so long; says whether that came true.
  package func waitUntilIdle(until deadline: DispatchTime) -> Bool {
    unfinished.wait(timeout: deadline) == .success
  }

  private func runAll() {
    while true {
      while let work = next() {
        work()
        unfinished.leave()
      }
      guard wake.wait(timeout: .now() + Self.patience) == .timedOut else { continue }
      let ends = state.withLock { state in
        // Signalled at the last moment: the signal is still to be taken.
        guard state.idle > 0 else { return false }
        state.idle -= 1
        state.threads -= 1
        return true
      }
      if ends { return }
      wake.wait()
    }
  }

  /// The next piece; without one the thread counts as idle.
  private func next() -> Work? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.idle += 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
