// Search by word: in process, and at the first search of a process.
//
//   WordBench search [<rows> [<users> [<folder>]]]
//   WordBench fill <folder> [<rows> [<users>]]
//   WordBench first <folder> [<users>]
import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import LexicalIndex
import Records
import Retrieval
import VectorEngine

@main
enum WordBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func number(_ place: Int, _ usual: Int) -> Int {
      arguments.count > place ? Int(arguments[place]) ?? usual : usual
    }
    let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
    print("load: \(load.trimmingCharacters(in: .newlines))")
    switch (arguments.first, arguments.count) {
    case ("search", _):
      let folder = URL(
        fileURLWithPath: arguments.count > 3 ? arguments[3] : NSTemporaryDirectory(),
        isDirectory: true
      ).appendingPathComponent("recollect-words-\(UUID().uuidString.lowercased())")
      defer { try? FileManager.default.removeItem(at: folder) }
      try SearchByWord(rows: number(1, 1_000_000), users: number(2, 1000), folder).run()
    case ("fill", 2...):
      try FirstSearch(URL(fileURLWithPath: arguments[1], isDirectory: true))
        .fill(rows: number(2, 1_000_000), users: number(3, 1000))
    case ("first", 2...):
      try FirstSearch(URL(fileURLWithPath: arguments[1], isDirectory: true))
        .search(users: number(2, 1000))
    default:
      print("WordBench search|fill|first; see Benchmarks/README.md")
      exit(2)
    }
  }
}

/// Texts of twenty words: a third of them words of grammar, the rest by Zipf's law out of 200,000; the same
/// again for the same numbers.
struct SampleTexts {
  private static let vocabulary = 200_000.0
  private static let grammar = ["the", "and", "of", "is", "to", "that", "with", "was"]
  private static let syllables = [
    "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "pla", "gre", "stri", "cho", "dun",
    "far",
  ]

  static func text(_ number: Int) -> String {
    var generator = Mixer(state: UInt64(number))
    return (0..<20).map { place in
      place % 3 == 2 ? grammar[Int(generator.next() % 8)] : word(&generator)
    }.joined(separator: " ")
  }

  /// Words of a text that a query asks for, and one that it does not hold.
  static func query(_ number: Int, of text: String) -> String {
    var generator = Mixer(state: ~UInt64(number))
    let words = text.split(separator: " ").map(String.init)
    let chosen = (0..<5).map { _ in words[Int(generator.next() % UInt64(words.count))] }
    return (chosen + [word(&generator)]).joined(separator: " ")
  }

  private static func word(_ generator: inout Mixer) -> String {
    let share = Double(generator.next() >> 11) / Double(1 << 53)
    var rank = Int(exp(share * log(vocabulary)))
    var word = ""
    repeat {
      word += syllables[rank % 16]
      rank /= 16
    } while rank > 0
    return word
  }
}

/// SplitMix64.
struct Mixer {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// How long something took, and the processor time of the thread, which other work beside it hardly touches.
struct Durations {
  private var seconds: [Double] = []
  private var processorSeconds: [Double] = []

  mutating func measure<R>(_ body: () throws -> R) rethrows -> R {
    let (start, spent) = (ContinuousClock.now, Self.processorSeconds)
    let result = try body()
    processorSeconds.append(Self.processorSeconds - spent)
    seconds.append((ContinuousClock.now - start) / .seconds(1))
    return result
  }

  var text: String {
    "\(Self.text(seconds)) of \(seconds.count); processor time \(Self.text(processorSeconds))"
  }

  private static func text(_ values: [Double]) -> String {
    let sorted = values.sorted()
    guard let last = sorted.last else { return "–" }
    let shown = [0.5, 0.99].map { sorted[Int(Double(sorted.count - 1) * $0)] } + [last]
    return zip(["p50", "p99", "longest"], shown)
      .map { "\($0) \(String(format: "%.1f", $1 * 1e6)) µs" }.joined(separator: ", ")
  }

  private static var processorSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// What the process has in memory, in megabytes.
func resident() -> String {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  return status.split(separator: "\n")
    .filter { $0.hasPrefix("RssAnon") || $0.hasPrefix("RssFile") }
    .map { line in
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
        Int($0)
      }
      return "\(line.prefix(7)) \((kilobytes ?? 0) / 1024) MB"
    }.joined(separator: ", ")
}

/// The lexical part alone: rows of many users in files and in memory, as a store keeps them.
struct SearchByWord {
  private static let rowsOfSeal = 16_000
  private static let results = 100

  let rows: Int
  let users: Int
  let folder: URL

  init(rows: Int, users: Int, _ folder: URL) {
    self.rows = rows
    self.users = users
    self.folder = folder
  }

  /// Row by row the users take turns; twenty rows in turn are of one session.
  private func user(_ number: Int) -> String { "user\(number % users)" }
  private func session(_ number: Int) -> String? {
    let turn = number / users
    return turn % 10 == 9 ? nil : "session \(number % users) \(turn / 20)"
  }

  func run() throws {
    let collection = try VectorCollection(at: folder, .init(dimension: 1, metric: .innerProduct))
    let whole = LexicalCollection()
    var recent = LexicalCollection()
    let start = ContinuousClock.now
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    // The last rows stay in memory.
    let sealed = rows - min(rows / 10, Self.rowsOfSeal / 2)
    for number in 0..<rows {
      let row = LexicalRow(SampleTexts.text(number))
      let id = UInt64(number + 1)
      for terms in [whole, recent] {
        terms.upsert(row, id: id, user: user(number), session: session(number))
      }
      batch.ids.append(id)
      batch.groups.append(id)
      batch.times.append(0)
      batch.scopes.append(RowScope(user: user(number), session: session(number)))
      batch.rows.append(1)
      guard (number + 1) % Self.rowsOfSeal == 0 || number + 1 == sealed || number + 1 == rows
      else { continue }
      try collection.upsert(batch)
      batch = VectorBatch(ids: [], scopes: [], rows: [])
      guard number + 1 <= sealed else { continue }
      try collection.flush(sides: recent.sections)
      recent = LexicalCollection()
      while try collection.tryCompact(sides: MergedTerms.sections) {}
    }
    let statistics = collection.statistics
    print(
      "made in \((ContinuousClock.now - start) / .seconds(1)) s: \(statistics.rows) rows, "
        + "\(statistics.segments) files of \(statistics.sealedBytes >> 20) MB, "
        + "\(statistics.bufferedRows) rows in memory")
    try measure(
      LexicalView(sealed: collection.snapshot(), recent: recent.snapshot()), whole.snapshot())
  }

  private func measure(_ view: LexicalView, _ whole: LexicalSnapshot) throws {
    for name in ["first search of a user", "user", "session", "user, all in memory"] {
      var durations = Durations()
      var checked = 0
      for number in 0..<(name.hasPrefix("first") ? users : 10_000) {
        let row = number &* 7919 % rows
        let text = SampleTexts.text(row)
        let asked = SampleTexts.query(number, of: text)
        var scope = LexicalScope.user(user(row))
        if name == "session", let session = session(row) {
          scope = .session(user: user(row), session: session)
        }
        let found = try durations.measure {
          name.hasSuffix("memory")
            ? whole.search(LexicalQuery(asked), scope: scope, count: Self.results)
            : try view.search(LexicalQuery(asked), scope: scope, count: Self.results)
        }
        guard number % 10 == 0 else { continue }
        let expected = whole.search(LexicalQuery(asked), scope: scope, count: Self.results)
        precondition(
          found.matches == expected.matches, "a search does not find what memory alone does")
        checked += found.matches.isEmpty ? 0 : 1
      }
      print("\(name): \(durations.text); \(checked) that found something checked bit for bit")
    }
    print(resident())
  }
}

/// The first search of a process, over a store without vectors: all that is found is found by word.
struct FirstSearch {
  private let folder: URL

  init(_ folder: URL) { self.folder = folder }

  func fill(rows: Int, users: Int) throws {
    let store = try EmbeddedStore(directory: folder)
    let start = ContinuousClock.now
    for first in stride(from: 0, to: rows, by: 2000) {
      try store.write { writer in
        for number in first..<min(first + 2000, rows) {
          let memory = Memory(
            id: .make(), user: UserID(stored: "user\(number % users)"),
            content: SampleTexts.text(number),
            createdAt: Timestamp(milliseconds: 1_790_000_000_000 + Int64(number)))
          try writer.insert(memory, nil)
        }
      }
    }
    let stored = ContinuousClock.now
    try store.settleIndex()
    print(
      "stored in \((stored - start) / .seconds(1)) s, index in "
        + "\((ContinuousClock.now - stored) / .seconds(1)) s")
    try store.close()
  }

  func search(users: Int) throws {
    print("before opening: \(resident())")
    var first = Durations()
    let (store, memories) = try first.measure {
      let store = try EmbeddedStore(directory: folder, log: { print("log: \($0)") })
      let memories = MemoryService(
        backend: store, embedding: TextEmbedding { nil }, rules: SessionRules(),
        touches: TouchBuffer())
      let found = try search(0, users, memories)
      precondition(found, "the first search finds nothing")
      return (store, memories)
    }
    print("opening and the first search: \(first.text)")
    print("after it: \(resident())")
    var others = Durations()
    var found = 0
    for number in 1...users where try others.measure({ try search(number, users, memories) }) {
      found += 1
    }
    print("one search of each user: \(others.text); \(found) found something")
    print("after them: \(resident())")
    try store.close()
  }

  /// Whether anything is found: now and then a query is of words of grammar, and one that nobody said.
  private func search(_ number: Int, _ users: Int, _ memories: MemoryService) throws -> Bool {
    let text = SampleTexts.text(number)
    let found = try memories.search(
      .init(query: SampleTexts.query(number, of: text), strategy: .keyword, limit: 10),
      caller: .unbound(default: nil), user: UserID(stored: "user\(number % users)"), session: nil)
    return !found.hits.isEmpty
  }
}
