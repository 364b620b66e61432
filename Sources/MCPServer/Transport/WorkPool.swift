internal import Foundation
internal import Synchronization

/// Runs pieces of work that may block, so many at a time, on threads of its own.
///
/// Threads begin when there is work and end when there is none. Neither Swift's cooperative pool
/// nor Dispatch's shared one is used: both have about as many threads as the machine has cores, and
/// a few slow calls would hold up everything else in the process.
final class WorkPool: Sendable {
  private typealias Work = @Sendable () -> Void

  private struct State {
    var threads = 0
    var waiting: [Work] = []
  }

  private let limit: Int
  private let state = Mutex(State())
  private let unfinished = DispatchGroup()

  /// - Parameter limit: how many pieces run at once.
  init(limit: Int) { self.limit = limit }

  /// Runs the work soon; pieces begin in the order in which they are given.
  func run(_ work: @escaping @Sendable () -> Void) {
    unfinished.enter()
    let startsThread = state.withLock { state in
      guard state.threads < limit else {
        state.waiting.append(work)
        return false
      }
      state.threads += 1
      return true
    }
    if startsThread { Thread.detachNewThread { self.runAll(startingWith: work) } }
  }

  /// Waits until nothing is left to do, at most so long; says whether that came true.
  func waitUntilIdle(until deadline: DispatchTime) -> Bool {
    unfinished.wait(timeout: deadline) == .success
  }

  private func runAll(startingWith first: @escaping Work) {
    var next: Work? = first
    while let work = next {
      work()
      unfinished.leave()
      next = state.withLock { state in
        if state.waiting.isEmpty {
          state.threads -= 1
          return nil
        }
        return state.waiting.removeFirst()
      }
    }
  }
}
