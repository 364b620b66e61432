internal import Synchronization

/// Whether somebody still waits for the answer; once nobody does, that stays so.
package final class Cancellation: Sendable {
  private let flag = Atomic(false)

  package init() {}

  package var isCancelled: Bool { flag.load(ordering: .acquiring) }

  /// Says that nobody waits any more.
  package func cancel() { flag.store(true, ordering: .releasing) }

  /// Leaves work that nobody waits for.
  ///
  /// - Throws: `CancellationError` once it is cancelled.
  package func check() throws(CancellationError) {
    if isCancelled { throw CancellationError() }
  }
}
