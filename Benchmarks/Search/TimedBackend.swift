import Foundation
import Records
import Retrieval
import Synchronization

/// A store whose parts of a search are timed.
final class TimedBackend: MemoryBackend {
  private let store: any MemoryBackend
  let parts = Parts()

  init(_ store: any MemoryBackend) { self.store = store }

  func search<R>(_ body: (any MemorySearcher) throws -> R) throws -> R {
    let start = ContinuousClock.now
    var inside = Duration.zero
    let result = try store.search { searcher in
      let begun = ContinuousClock.now
      defer { inside = ContinuousClock.now - begun }
      return try body(TimedSearcher(searcher: searcher, parts: parts))
    }
    parts.add("state: transaction, sequence check", ContinuousClock.now - start - inside)
    return result
  }

  func read<R>(_ body: (any MemoryReader) throws -> R) throws -> R { try store.read(body) }
  func write<R>(_ body: (any MemoryWriter) throws -> R) throws -> R { try store.write(body) }
  func erase(_ scope: Scope) throws -> Int { try store.erase(scope) }
}

/// How long each part took in sum.
final class Parts: Sendable {
  private let sums = Mutex<[String: Duration]>([:])

  func add(_ name: String, _ time: Duration) {
    sums.withLock { $0[name, default: .zero] += time }
  }

  func measure<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
    let start = ContinuousClock.now
    defer { add(name, ContinuousClock.now - start) }
    return try body()
  }

  func reset() { sums.withLock { $0 = [:] } }

  func report(searches: Int, whole: Duration) {
    var sums = sums.withLock { $0 }
    sums["scoring, and the rest"] = whole - sums.values.reduce(.zero, +)
    for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
      print("  \(name): \(String(format: "%.1f", sum / .microseconds(searches)))")
    }
  }
}

private struct TimedSearcher: MemorySearcher {
  let searcher: any MemorySearcher
  let parts: Parts

  var records: any MemoryReader { searcher.records }
  var indexedCounts: IndexedCounts { searcher.indexedCounts }

  func nearest(
    to vector: [Float], count: Int, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate] {
    try parts.measure("dense: the nearest") {
      try searcher.nearest(to: vector, count: count, in: scope, filter)
    }
  }

  func similarities(
    of keys: [MemoryKey], to vector: [Float], in scope: Scope
  ) throws -> [Candidate] {
    try parts.measure("neighbours: similarities") {
      try searcher.similarities(of: keys, to: vector, in: scope)
    }
  }

  func spans(of candidates: [Candidate], in scope: Scope) throws -> [MemoryKey: TextSpan] {
    try parts.measure("records: spans") { try searcher.spans(of: candidates, in: scope) }
  }

  func matching(
    _ text: String, count: Int, holdingWords: Bool, in scope: Scope, _ filter: MemoryFilter
  ) throws -> WordMatches {
    let found = try parts.measure("lexical: matches") {
      try searcher.matching(text, count: count, holdingWords: holdingWords, in: scope, filter)
    }
    return WordMatches(candidates: found.candidates) { [parts] keys in
      parts.measure("neighbours: places") { found.places(keys) }
    }
  }

  func coverage(of text: String, by pieces: [String], in scope: Scope) throws -> [Double] {
    try searcher.coverage(of: text, by: pieces, in: scope)
  }

  func memories(_ keys: [MemoryKey], in scope: Scope) throws -> [MemoryKey: Memory] {
    try parts.measure("records: memories") { try searcher.memories(keys, in: scope) }
  }

  func clusters(
    _ count: Int, in scope: Scope, _ filter: MemoryFilter, sample: Int
  ) throws -> [[Candidate]] {
    try searcher.clusters(count, in: scope, filter, sample: sample)
  }

  func tellingWords(of groups: [[String]], count: Int) -> [[String]] {
    searcher.tellingWords(of: groups, count: count)
  }
}
