package import Records
internal import Synchronization

/// When overdue sessions were last looked for.
package final class SweepRecord: Sendable {
  private let moment = Mutex<Timestamp?>(nil)

  package init() {}

  /// When, or nil when it has not happened yet.
  package var last: Timestamp? { moment.withLock { $0 } }

  /// Notes that it has happened.
  package func note(_ time: Timestamp) { moment.withLock { $0 = time } }
}
