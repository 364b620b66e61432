internal import ConversationMemory
internal import Dispatch
internal import Foundation
internal import Logging
internal import Records
internal import Synchronization

/// What a server does beside answering: it stores touches, writes down expiries, and makes the vectors
/// that are missing once there is a model.
///
/// Each kind has a thread's worth of a queue of its own, so that a long one delays no other.
final class BackgroundWork {
  private let application: Application
  private var timers: [any DispatchSourceTimer] = []
  private var queues: [DispatchQueue] = []
  private let isStopping = StopFlag()

  init(_ application: Application) {
    self.application = application
  }

  /// How often touches are stored, in seconds.
  private static let touchInterval = 1.0
  /// How often it is looked for memories without a vector, in seconds.
  private static let vectorInterval = 2.0

  /// Few enough that stopping seldom waits for a batch; what of it was made is kept.
  private static let vectorsOfBatch = 4

  func start() {
    every(Self.touchInterval, "touches") { try $0.flushTouches() }
    every(application.settings.sweepInterval, "sweep") { application in
      let swept = try application.sessions.sweep()
      application.sweeps.note(.now())
      if !swept.isEmpty { application.logger.info("swept", metadata: ["what": "\(swept)"]) }
    }
    every(Self.vectorInterval, "vectors") { [isStopping] application in
      var made = 0
      while !isStopping.isSet,
        case let batch = try application.memories.embedMissing(limit: Self.vectorsOfBatch),
        batch > 0
      {
        made += batch
      }
      if made > 0 { application.logger.info("made \(made) vectors that were missing") }
    }
  }

  /// Starts nothing any more, and waits a little for what is going on.
  func stop() {
    isStopping.set()
    for timer in timers { timer.cancel() }
    let deadline = DispatchTime.now() + .seconds(1)
    for queue in queues {
      let idle = DispatchSemaphore(value: 0)
      queue.async { idle.signal() }
      _ = idle.wait(timeout: deadline)
    }
    timers = []
    queues = []
  }

  private func every(
    _ seconds: Double, _ name: String, _ work: @escaping @Sendable (Application) throws -> Void
  ) {
    let queue = DispatchQueue(label: "recollect.\(name)")
    let timer = DispatchSource.makeTimerSource(queue: queue)
    let application = application
    timer.schedule(deadline: .now() + seconds, repeating: seconds)
    timer.setEventHandler {
      do {
        try work(application)
      } catch {
        application.logger.error(
          "background work failed", metadata: ["work": "\(name)", "error": "\(error)"])
      }
    }
    timer.resume()
    timers.append(timer)
    queues.append(queue)
  }
}

/// Set once, when no more work is to begin.
private final class StopFlag: Sendable {
  private let flag = Atomic(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }

  func set() { flag.store(true, ordering: .releasing) }
}
