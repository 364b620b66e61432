internal import Foundation
internal import Synchronization
internal import VectorEngine

/// Asks an index all queries of a file, in batches, on threads of its own.
struct SearchRun: Sendable {
  let snapshot: VectorSnapshot
  let queries: FloatMatrix
  /// Where each query looks.
  let scopes: [SearchScope]
  /// How many neighbours are wanted.
  let count: Int
  let batch: Int
  let threads: Int

  /// What one pass over all queries gave.
  struct Pass: Sendable {
    /// What each query found.
    var neighbors: [[Neighbor]]
    /// How long each query took; in a batch, its share of the batch's time.
    var microseconds: [Double]
    /// How long the pass took from its start to the end of the last thread.
    var seconds: Double
  }

  /// Asks all queries once.
  func pass() throws -> Pass {
    let clock = ContinuousClock()
    let start = clock.now
    let work = SharedWork()
    if threads == 1 {
      work.store(Result { () throws(EngineError) in try answer(work) })
    } else {
      // Threads of our own: the pool of the concurrency runtime is not for work that lasts.
      let running = DispatchGroup()
      for _ in 0..<threads {
        running.enter()
        Thread.detachNewThread {
          work.store(Result { () throws(EngineError) in try answer(work) })
          running.leave()
        }
      }
      running.wait()
    }
    let seconds = (clock.now - start) / .seconds(1)
    var pass = Pass(
      neighbors: Array(repeating: [], count: queries.count),
      microseconds: Array(repeating: 0, count: queries.count), seconds: seconds)
    for result in work.results {
      for answer in try result.get() {
        for (offset, found) in answer.neighbors.enumerated() {
          pass.neighbors[answer.first + offset] = found
          pass.microseconds[answer.first + offset] = answer.microseconds
        }
      }
    }
    return pass
  }

  /// Tells how each query is answered.
  func explain() throws -> [SearchReport] {
    var reports: [SearchReport] = []
    for number in 0..<batches {
      let rows = rows(ofBatch: number)
      reports += try snapshot.explain(
        batch: queries.elements.span.extracting(queries.range(of: rows)), count: count,
        in: Array(scopes[rows]))
    }
    return reports
  }

  /// The answers of one batch.
  private struct Answer: Sendable {
    let first: Int
    let neighbors: [[Neighbor]]
    /// For each query of the batch.
    let microseconds: Double
  }

  /// Which batch is next, and what each thread brought home.
  private final class SharedWork: Sendable {
    private let next = Atomic(0)
    private let stored = Mutex<[Result<[Answer], EngineError>]>([])

    func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }

    func store(_ result: Result<[Answer], EngineError>) {
      stored.withLock { $0.append(result) }
    }

    var results: [Result<[Answer], EngineError>] { stored.withLock { $0 } }
  }

  private var batches: Int { (queries.count + batch - 1) / batch }

  private func rows(ofBatch number: Int) -> Range<Int> {
    (number * batch)..<min((number + 1) * batch, queries.count)
  }

  /// Answers batches until none is left.
  private func answer(_ work: SharedWork) throws(EngineError) -> [Answer] {
    let clock = ContinuousClock()
    var answers: [Answer] = []
    while true {
      let number = work.take()
      guard number < batches else { return answers }
      let rows = rows(ofBatch: number)
      let elements = queries.elements.span.extracting(queries.range(of: rows))
      let start = clock.now
      let found =
        batch == 1
        ? [try snapshot.search(elements, count: count, in: scopes[rows.lowerBound])]
        : try snapshot.search(batch: elements, count: count, in: Array(scopes[rows]))
      let time = (clock.now - start) / .microseconds(1)
      answers.append(
        Answer(
          first: rows.lowerBound, neighbors: found, microseconds: time / Double(rows.count)))
    }
  }
}

/// The distribution of times.
struct LatencySummary {
  private let sorted: [Double]

  init(_ times: [Double]) { sorted = times.sorted() }

  var mean: Double { sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count) }

  /// The smallest time that at least this share of all times does not exceed.
  func quantile(_ share: Double) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}

/// How many of the true neighbours were found.
enum Recall {
  /// The mean over the queries of the share of the first `count` true neighbours that was found.
  ///
  /// - Throws: `InputError` when a query found more neighbours than its truth names.
  static func at(
    _ count: Int, of found: [[Neighbor]], truth: [[UInt64]], in path: String
  ) throws -> Double {
    var sum = 0.0
    for (query, (found, truth)) in zip(found, truth).enumerated() {
      guard truth.count >= found.count else {
        throw InputError(
          .wrongUse,
          "\(path), row \(query), names \(truth.count) neighbours and \(found.count) were found; "
            + "ask for fewer with --count.")
      }
      let wanted = Set(truth.prefix(count))
      let hits = found.reduce(0) { $0 + (wanted.contains($1.id) ? 1 : 0) }
      sum += wanted.isEmpty ? 1 : Double(hits) / Double(wanted.count)
    }
    return found.isEmpty ? 1 : sum / Double(found.count)
  }
}
