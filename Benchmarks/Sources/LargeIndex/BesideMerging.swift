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

  /// Times of searches, in order.
  struct Times {
    fileprivate(set) var sorted: [Duration]

    func quantile(_ share: Double) -> Duration {
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
    var times: [Duration] = []
    let start = ContinuousClock.now
    repeat {
      for question in asked {
        let begun = ContinuousClock.now
        let answer = try collection.search(question.vector, count: 10, in: question.scope)
        times.append(ContinuousClock.now - begun)
        precondition(answer == question.answer, "an answer has changed")
      }
    } while goesOn((ContinuousClock.now - start) / .seconds(1))
    return Times(sorted: times.sorted())
  }
}
