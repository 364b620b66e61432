import ConversationMemory
import EmbeddedBackend
import Foundation
import Records
import Retrieval

/// Searches of many users in turns, so that hardly anything of one search is left in the caches of the
/// processor for the next of the same user.
struct Measurement {
  /// As many as the service remembers the vectors of, with some room.
  private static let queries = 200
  private static let wanted = (p50: 0.3, p99: 1.0)

  private let population: Population
  private let folder: URL
  private let searches: Int

  init(_ population: Population, _ folder: URL, searches: Int) {
    self.population = population
    self.folder = folder
    self.searches = searches
  }

  func run() throws {
    print("load before: \(Self.load)")
    let queries = (0..<Self.queries).map(population.query)
    let embedder = GivenQueries(
      vectors: Dictionary(uniqueKeysWithValues: queries.map { ($0.text, $0.vector) }))
    let store = try EmbeddedStore(directory: folder, clock: { Population.now })
    func service(_ backend: any MemoryBackend) -> MemoryService {
      MemoryService(
        backend: backend, embedding: TextEmbedding { embedder }, rules: SessionRules(),
        touches: TouchBuffer(isRecording: false), clock: { Population.now })
    }
    let opening = ContinuousClock.now
    let counts = try store.search { $0.indexedCounts }
    print("opened in \(Self.text(ContinuousClock.now - opening)) ms: \(counts)")
    precondition(counts.vectors == population.users * population.memories, "memories are missing")
    let memories = service(store)
    print("answers: \(String(try check(memories, queries), radix: 16))")
    for (name, chosen) in [("\(Self.queries) users in turns", queries), ("one user", [queries[0]])]
    {
      let times = try time(memories, chosen.map { search($0) })
      report(name, times)
    }
    let timed = TimedBackend(store)
    let parts = service(timed)
    for query in queries { _ = try parts.search(search(query).search, of: search(query).user) }
    timed.parts.reset()
    let spent = try time(parts, queries.map { search($0) })
    print("\nparts, µs of the mean of \(Self.text(spent.mean)) ms, measuring included:")
    timed.parts.report(searches: searches, whole: spent.sum)
    try store.close()
    print("load after: \(Self.load)")
  }

  private typealias Query = (user: Int, turn: Int, text: String, vector: [Float])
  private typealias Asked = (user: UserID, search: MemoryService.Search)

  private func search(_ query: Query) -> Asked {
    (population.user(query.user), MemoryService.Search(query: query.text))
  }

  /// Asks each query once: what is found must be the user's, in order, and the turn that was asked for
  /// first. Gives a digest of all answers, which tells whether two programs answer the same.
  private func check(_ memories: MemoryService, _ queries: [Query]) throws -> UInt64 {
    var digest = Digest()
    for query in queries {
      let (user, search) = search(query)
      let hits = try memories.search(search, of: user).hits
      precondition(hits.count == search.limit, "\(hits.count) hits")
      precondition(hits.allSatisfy { $0.memory.user == user }, "a memory of somebody else")
      precondition(
        zip(hits, hits.dropFirst()).allSatisfy { $0.relevance >= $1.relevance }, "out of order")
      precondition(
        hits[0].memory.content == population.text(query.user, query.turn),
        "\(query.text) finds \(hits[0].memory.content)")
      for hit in hits { digest.add(hit) }
    }
    return digest.value
  }

  private func time(_ memories: MemoryService, _ asked: [Asked]) throws -> Times {
    var times = Times()
    let spent = Times.processorSeconds
    for number in 0..<searches {
      let (user, search) = asked[number % asked.count]
      let start = ContinuousClock.now
      _ = try memories.search(search, of: user)
      times.add(ContinuousClock.now - start)
    }
    times.processorMicroseconds = (Times.processorSeconds - spent) * 1e6 / Double(searches)
    return times
  }

  private func report(_ name: String, _ times: Times) {
    let wanted = "wanted: p50 at most \(Self.wanted.p50), p99 at most \(Self.wanted.p99)"
    let (p50, p99) = (times.share(0.5), times.share(0.99))
    print(
      "\n\(name), \(searches) searches, ms: p50 \(Self.text(p50)), p99 \(Self.text(p99)), "
        + "longest \(Self.text(times.share(1)))  (\(wanted)); processor time of one "
        + "\(Int(times.processorMicroseconds)) µs")
  }

  private static func text(_ duration: Duration) -> String {
    String(format: "%.3f", duration / .milliseconds(1))
  }

  private static var load: String {
    let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
    return text.trimmingCharacters(in: .newlines)
  }
}

extension MemoryService {
  fileprivate func search(_ search: Search, of user: UserID) throws -> RetrievalResult {
    try self.search(search, caller: .unbound(default: nil), user: user, session: nil)
  }
}

/// How long each of many took.
struct Times {
  private var all: [Duration] = []
  /// Of one.
  var processorMicroseconds = 0.0

  mutating func add(_ time: Duration) { all.append(time) }

  static var processorSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  var sum: Duration { all.reduce(.zero, +) }
  var mean: Duration { sum / max(1, all.count) }

  /// The time that such a share of them did not exceed.
  func share(_ share: Double) -> Duration {
    let sorted = all.sorted()
    return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
  }
}

/// A number that nearly certainly is another when any bit of any hit is another.
struct Digest {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ hit: Hit) {
    let factors = hit.factors
    for number in [
      hit.relevance, factors.semantic, factors.keyword, factors.conversation, factors.statement,
      factors.time, factors.recency, hit.similarity ?? -1,
    ] {
      add(number.bitPattern)
    }
    for byte in hit.memory.content.utf8 { add(UInt64(byte)) }
    add(UInt64(hit.span?.end ?? 0))
  }

  private mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }
}
