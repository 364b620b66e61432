internal import Dispatch
internal import Synchronization
internal import VectorEngine

/// Merges sealed files beside the searches; one at a time in a process, and in all of them.
final class BackgroundCompaction: Sendable {
  private let running = DispatchGroup()
  /// How many want the files for themselves.
  private let wanted = Atomic(0)
  private let state = Mutex<(isRunning: Bool, damage: EngineError?)>((false, nil))
  /// Makes what is kept beside the rows of a merged file.
  private let merging: MergedSides?
  private let log: @Sendable (String) -> Void

  init(merging: MergedSides?, _ log: @escaping @Sendable (String) -> Void) {
    self.merging = merging
    self.log = log
  }

  func start(_ collection: VectorCollection) {
    let begins = state.withLock { state in
      guard !state.isRunning, wanted.load(ordering: .relaxed) == 0 else { return false }
      state.isRunning = true
      running.enter()
      return true
    }
    guard begins else { return }
    DispatchQueue.global(qos: .utility).async { [self] in
      var damage: EngineError?
      do throws(EngineError) {
        while wanted.load(ordering: .relaxed) == 0, try collection.tryCompact(sides: merging) {}
      } catch {
        if error.code == .corrupt { damage = error } else { log("compacting failed: \(error)") }
      }
      state.withLock { $0 = (false, damage ?? $0.damage) }
      running.leave()
    }
  }

  /// Merges what is said, and waits for it.
  ///
  /// - Throws: as `VectorCollection.compact`.
  func run(
    _ compaction: VectorCollection.Compaction, on collection: VectorCollection, patience: Duration
  ) throws(EngineError) {
    _ = try collection.compact(compaction, patience: patience, sides: merging)
  }

  /// Runs the body while nothing is merged by this process; a merge that is under way is waited for.
  func keptOff<R>(_ body: () throws -> R) rethrows -> R {
    wanted.add(1, ordering: .relaxed)
    defer { wanted.subtract(1, ordering: .relaxed) }
    // A step ends by itself; ten minutes are those of the largest files.
    _ = running.wait(timeout: .now() + 600)
    return try body()
  }

  /// Damage that was met since the last time.
  func takeDamage() -> EngineError? {
    state.withLock { state in
      defer { state.damage = nil }
      return state.damage
    }
  }
}
