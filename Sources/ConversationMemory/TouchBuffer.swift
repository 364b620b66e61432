internal import Records
package import Retrieval
internal import Synchronization

/// Gathers what searches touch, so that a search never waits for a write.
///
/// What is gathered may be lost when the process is killed; it is stored by `flush`, which the
/// background work calls about once a second, and at shutdown.
package final class TouchBuffer: Sendable {
  private let gathered = Mutex(Touches())

  private let isRecording: Bool

  /// - Parameter isRecording: false where nothing may be written.
  package init(isRecording: Bool = true) {
    self.isRecording = isRecording
  }

  func touch(_ memories: [MemoryID], _ session: SessionID?, at now: Timestamp) {
    guard isRecording else { return }
    gathered.withLock { touches in
      for id in memories { touches.touch(id, at: now) }
      if let session { touches.touch(session, at: now) }
    }
  }

  /// Stores what was gathered; keeps it when that fails.
  package func flush(to backend: any MemoryBackend, _ rules: SessionRules) throws {
    let taken = gathered.withLock { touches in
      let taken = touches
      touches = Touches()
      return taken
    }
    guard !taken.isEmpty else { return }
    do {
      try backend.write {
        try $0.apply(Authority.maintenance, taken, sessionTimeout: rules.timeout)
      }
    } catch {
      gathered.withLock { $0.merge(earlier: taken) }
      throw error
    }
  }
}
