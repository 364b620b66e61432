internal import Records
package import Retrieval
internal import Synchronization

/// Gathers what searches touch, so that a search never waits for a write.
///
/// What is gathered may be lost when the process is killed; it is stored by `flush`, which the
/// background work calls about once a second, and at shutdown.
package final class TouchBuffer: Sendable {
  /// What one search has touched.
  private struct Touch {
    let memories: [MemoryID]
    let session: SessionID?
    let time: Timestamp
  }

  /// Searches only leave a line each: they all pass here, and counting takes many times as long.
  private struct Gathered {
    var counted = Touches()
    var latest: [Touch] = []

    mutating func count() {
      for touch in latest {
        for id in touch.memories { counted.touch(id, at: touch.time) }
        if let session = touch.session { counted.touch(session, at: touch.time) }
      }
      latest = []
    }
  }

  private let gathered = Mutex(Gathered())

  private let isRecording: Bool

  /// So many lines are counted without waiting for `flush`, so that they stay few.
  private static let linesBeforeCounting = 10_000

  /// - Parameter isRecording: false where nothing may be written.
  package init(isRecording: Bool = true) {
    self.isRecording = isRecording
  }

  func touch(_ memories: [MemoryID], _ session: SessionID?, at now: Timestamp) {
    guard isRecording else { return }
    let touch = Touch(memories: memories, session: session, time: now)
    gathered.withLock { gathered in
      gathered.latest.append(touch)
      if gathered.latest.count >= Self.linesBeforeCounting { gathered.count() }
    }
  }

  /// Stores what was gathered; keeps it when that fails.
  package func flush(to backend: any MemoryBackend, _ rules: SessionRules) throws {
    var taken = gathered.withLock { gathered in
      let taken = gathered
      gathered = Gathered()
      return taken
    }
    taken.count()
    let touches = taken.counted
    guard !touches.isEmpty else { return }
    do {
      try backend.write {
        try $0.apply(Authority.maintenance, touches, sessionTimeout: rules.timeout)
      }
    } catch {
      gathered.withLock { $0.counted.merge(earlier: touches) }
      throw error
    }
  }
}
