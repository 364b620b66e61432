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
    /// How many threads work at once for now.
    var share: Int
    /// How many pieces have begun, and had begun when it was last looked.
    var begun = 0
    var seen = 0
    var isWatched = false
    var grown = ContinuousClock.now

    var working: Int { threads - idle }

    init(share: Int) { self.share = share }

    /// How one more thread comes to work, when one may.
    mutating func start(limit: Int) -> Start {
      guard working < share else { return .nothing }
      if idle > 0 {
        idle -= 1
        return .wake
      }
      guard threads < limit else { return .nothing }
      threads += 1
      return .thread
    }
  }

  private enum Start {
    case nothing
    case wake
    case thread
  }

  private let limit: Int
  private let quickShare: Int
  private let state: Mutex<State>
  private let wake = DispatchSemaphore(value: 0)
  private let unfinished = DispatchGroup()

  /// How long a thread without work stays.
  private static let patience = DispatchTimeInterval.seconds(5)

  /// How long no piece may begin, while some wait, before one more thread is let in.
  private static let stall = DispatchTimeInterval.milliseconds(10)
  /// How long one more is let in at least.
  private static let stay = Duration.milliseconds(100)

  /// - Parameter limit: how many pieces run at once.
  /// - Parameter quickShare: how many run at once as long as one after the other begins. Where pieces
  ///   compute, more threads than cores only take them from each other; where they wait, more are let
  ///   in as soon as nothing begins for a moment. Nil for the limit from the first.
  package init(limit: Int, whileQuick quickShare: Int? = nil) {
    self.limit = limit
    self.quickShare = min(limit, quickShare ?? limit)
    state = Mutex(State(share: self.quickShare))
  }

  /// Runs the work soon; pieces begin in the order in which they are given.
  package func run(_ work: @escaping @Sendable () -> Void) {
    unfinished.enter()
    let (start, isUnwatched) = state.withLock { state -> (Start, Bool) in
      state.waiting.append(work)
      let start = state.start(limit: limit)
      guard case .nothing = start, state.share < limit, !state.isWatched else {
        return (start, false)
      }
      state.isWatched = true
      state.seen = state.begun
      return (start, true)
    }
    perform(start)
    if isUnwatched { watch() }
  }

  private func perform(_ start: Start) {
    switch start {
    case .nothing: break
    case .wake: wake.signal()
    case .thread: Thread.detachNewThread { self.runAll() }
    }
  }

  /// Looks again and again whether pieces begin, for as long as some wait.
  private func watch() {
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.stall) { [self] in
      let start = state.withLock { state -> Start? in
        guard !state.waiting.isEmpty else {
          state.isWatched = false
          state.share = quickShare
          return nil
        }
        let now = ContinuousClock.now
        if state.begun == state.seen, state.share < limit {
          state.share += 1
          state.grown = now
        } else if state.share > quickShare, now - state.grown > Self.stay {
          state.share -= 1
          state.grown = now
        }
        state.seen = state.begun
        return state.start(limit: limit)
      }
      guard let start else { return }
      perform(start)
      watch()
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

  /// The next piece; without one, or where too many work, the thread counts as idle.
  private func next() -> Work? {
    state.withLock { state in
      guard !state.waiting.isEmpty, state.working <= state.share else {
        state.idle += 1
        return nil
      }
      state.begun += 1
      return state.waiting.removeFirst()
    }
  }
}
