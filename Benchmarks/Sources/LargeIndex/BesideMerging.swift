import Foundation
import Synchronization
import VectorEngine

/// Searches in users' scopes: alone, and while the whole index is written anew beside them.
struct BesideMerging {
  /// So many different questions are asked, again and again.
  private static let questions = 2000
  /// So long it is measured without anything beside.
  private static let quiet = 10.0

  private let collection: VectorCollection
  private var asked: [(scope: SearchScope, vector: [Float], answer: [Neighbor])] = []

  /// Opens the index and asks every question once, so that its pages have been checked.
  init(_ users: EqualUsers, _ folder: URL) throws {
    collection = try VectorCollection(opening: folder)
    for number in 0..<Self.questions {
      let user = number * 48_271 % users.count
      let vector = users.query(user, 3)
      let scope = SearchScope.user(users.key(user))
      asked.append((scope, vector, try collection.search(vector, count: 10, in: scope)))
    }
  }

  /// Times of searches, in order, and how often the thread lost its processor meanwhile: a search that was
  /// interrupted says what else the machine did, one that waited what the engine did.
  struct Times {
    fileprivate(set) var sorted: [Duration]
    fileprivate(set) var uninterrupted: [Duration]
    fileprivate(set) var waits: Int

    func quantile(_ share: Double) -> Duration { Self.quantile(share, of: sorted) }

    /// The same of those that were not interrupted.
    func ownQuantile(_ share: Double) -> Duration { Self.quantile(share, of: uninterrupted) }

    private static func quantile(_ share: Double, of sorted: [Duration]) -> Duration {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
  }

  struct Outcome {
    var alone: Times
    var beside: Times
    /// The first search of every question in the new file, whose pages nobody has checked.
    var first: Times
    var after: Times
    var merging: Duration
  }

  func run() throws -> Outcome {
    let alone = try search { $0 < Self.quiet }
    let merged = Mutex<Result<Duration, any Error>?>(nil)
    Thread.detachNewThread { [collection] in
      let result = Result {
        let clock = ContinuousClock()
        var steps = 0
        let time = try clock.measure { steps = try collection.compact(.everything) }
        precondition(steps == 1, "there was nothing to merge")
        return time
      }
      merged.withLock { $0 = result }
    }
    let beside = try search { _ in merged.withLock { $0 == nil } }
    let merging = try merged.withLock { try $0?.get() } ?? .zero
    let first = try search { _ in false }
    return Outcome(
      alone: alone, beside: beside, first: first, after: try search { $0 < Self.quiet },
      merging: merging)
  }

  /// Asks all questions, and again while the condition holds, which is told the seconds so far; every
  /// answer must be the one of the beginning, bit for bit.
  private func search(while goesOn: (Double) -> Bool) throws -> Times {
    var times = Times(sorted: [], uninterrupted: [], waits: 0)
    let start = ContinuousClock.now
    repeat {
      for question in asked {
        let before = ThreadSwitches.now
        let begun = ContinuousClock.now
        let answer = try collection.search(question.vector, count: 10, in: question.scope)
        let time = ContinuousClock.now - begun
        let after = ThreadSwitches.now
        times.sorted.append(time)
        times.waits += after.waits - before.waits
        if after.interruptions == before.interruptions { times.uninterrupted.append(time) }
        precondition(answer == question.answer, "an answer has changed")
      }
    } while goesOn((ContinuousClock.now - start) / .seconds(1))
    times.sorted.sort()
    times.uninterrupted.sort()
    return times
  }
}

/// How often a thread has given its processor away, because it waited or because others wanted it.
private struct ThreadSwitches {
  let waits: Int
  let interruptions: Int

  /// RUSAGE_THREAD, which the headers show to GNU programs only.
  private static let thread: Int32 = 1

  static var now: ThreadSwitches {
    #if os(Linux)
    var usage = rusage()
    _ = unsafe getrusage(thread, &usage)
    return ThreadSwitches(waits: usage.ru_nvcsw, interruptions: usage.ru_nivcsw)
    #else
    return ThreadSwitches(waits: 0, interruptions: 0)
    #endif
  }
}
