import ConversationMemory
import EmbeddedBackend
import Foundation
import Records
import Retrieval
import ServiceTestSupport
import Synchronization
import TestSupport
import Testing

/// The folder of the index of words: what a process finds that starts, and what heals itself.
@Suite struct WordIndexTests {
  private final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  /// A machine without a model: nothing has a vector, everything is found by word.
  private func open(_ directory: TemporaryDirectory, _ log: Log = Log()) throws -> ServiceFixture {
    try ServiceFixture(embedder: nil, directory: directory) { log.add($0) }
  }

  private func folder(_ directory: TemporaryDirectory) -> URL {
    directory.url.appendingPathComponent("data/index/words")
  }

  private func segments(_ directory: TemporaryDirectory) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(atPath: folder(directory).path).sorted()
      .filter { $0.hasSuffix(".rvs") }.map { folder(directory).appendingPathComponent($0) }
  }

  private func findings(_ fixture: ServiceFixture) throws -> [String] {
    var found: [String] = []
    for user in ["ana", "ben"] {
      for query in ["apples and pears", "word7 word3 gathering"] {
        let hits = try fixture.memories.search(
          .init(query: query, strategy: .keyword, limit: 100), caller: ServiceFixture.anyone,
          user: UserID(stored: user), session: nil
        ).hits
        found += hits.map { "\(user) \($0.memory.id) \($0.relevance.bitPattern)" }
      }
    }
    return found
  }

  /// What a process finds that has to read all texts.
  private func findingsWithoutIndex(_ directory: TemporaryDirectory) throws -> [String] {
    let copy = try TemporaryDirectory()
    let data = copy.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for name in ["recollect.sqlite", "recollect.sqlite-wal"] {
      let source = directory.url.appendingPathComponent("data/\(name)")
      guard FileManager.default.fileExists(atPath: source.path) else { continue }
      try FileManager.default.copyItem(at: source, to: data.appendingPathComponent(name))
    }
    return try findings(open(copy))
  }

  private func fill(_ fixture: ServiceFixture, _ numbers: Range<Int>) throws {
    for number in numbers {
      _ = try fixture.add(
        "word\(number % 11) apples \(number) gathered word\(number % 7)",
        user: ["ana", "ben"][number % 2])
    }
  }

  @Test func `without a model words are sealed, and the next process finds the same`() throws {
    let directory = try TemporaryDirectory()
    let first = try open(directory)
    try fill(first, 0..<1100)
    let expected = try findings(first)
    #expect(try segments(directory).count == 1 && !expected.isEmpty)
    #expect(try findingsWithoutIndex(directory) == expected)
    let log = Log()
    let second = try open(directory, log)
    #expect(try findings(second) == expected)
    // What comes after it is in memory alone.
    let changed = try second.add("word3 gathers pears", user: "ana")
    _ = try second.memories.update(
      changed.id, .init(content: "word7 pears"), caller: ServiceFixture.anyone, user: nil)
    let oldest = try #require(
      try second.memories.search(
        .init(query: "apples word5", strategy: .keyword, limit: 1), caller: ServiceFixture.anyone,
        user: UserID(stored: "ben"), session: nil
      ).hits.first)
    _ = try second.memories.delete(oldest.memory.id, caller: ServiceFixture.anyone, user: nil)
    let later = try findings(second)
    #expect(later != expected)
    #expect(try later == findingsWithoutIndex(directory))
    #expect(try later == findings(first), "what another process has changed is seen here")
    let report = try second.store.verifyIndex()
    #expect(report.agrees && report.memories == 1100 && report.damage == nil, "\(report)")
    #expect(log.text.isEmpty)
  }

  @Test func `rows without vectors are found beside rows that have some`() throws {
    let directory = try TemporaryDirectory()
    do {
      let with = try ServiceFixture(directory: directory)
      try fill(with, 0..<30)
      try with.store.settleIndex()
      try with.store.close()
    }
    let without = try open(directory)
    _ = try without.add("only found by the word zeppelin", user: "ana")
    try without.store.settleIndex()
    for fixture in [without, try open(directory)] {
      #expect(
        try fixture.contents("zeppelins", user: "ana", strategy: .keyword)
          == ["only found by the word zeppelin"])
      #expect(try fixture.contents("apples", user: "ana", strategy: .keyword).count == 15)
      let report = try fixture.store.verifyIndex()
      #expect(report.agrees && report.memories == 31 && report.vectors == 30)
    }
  }

  @Test func `an index of an earlier version, or of other rules, gets its words`() throws {
    let directory = try TemporaryDirectory()
    let first = try open(directory)
    try fill(first, 0..<60)
    try first.store.settleIndex()
    let expected = try findings(first)
    func replace(_ warns: Bool, _ comment: Comment, _ body: () throws -> Void) throws {
      try body()
      let log = Log()
      let process = try open(directory, log)
      #expect(try findings(process) == expected, comment)
      #expect(log.text.contains("built again") == warns, comment)
      #expect(try process.store.verifyIndex().agrees, comment)
      try process.store.settleIndex()
      #expect(try !segments(directory).isEmpty, comment)
    }
    try replace(false, "none at all") {
      try FileManager.default.removeItem(at: folder(directory))
    }
    try replace(true, "without the manifest") {
      try FileManager.default.removeItem(at: folder(directory).appendingPathComponent("MANIFEST"))
    }
    // That of another database has other rows; what it says of its rules is in the same words.
    let other = try TemporaryDirectory()
    let stranger = try open(other)
    try fill(stranger, 0..<10)
    try stranger.store.settleIndex()
    try replace(true, "of another database") {
      try FileManager.default.removeItem(at: folder(directory))
      try FileManager.default.copyItem(at: folder(other), to: folder(directory))
    }
  }

  @Test func `a flipped bit anywhere in the words changes no answer`() throws {
    let directory = try TemporaryDirectory()
    let first = try open(directory)
    try fill(first, 0..<60)
    try first.store.settleIndex()
    let expected = try findings(first)
    var healed = 0
    let length = try Data(contentsOf: segments(directory)[0]).count
    for position in stride(from: 3, to: length, by: 1021) {
      let file = try segments(directory)[0]
      let handle = try FileHandle(forUpdating: file)
      try handle.seek(toOffset: UInt64(position))
      let byte = try #require(try handle.read(upToCount: 1)?.first)
      try handle.seek(toOffset: UInt64(position))
      try handle.write(contentsOf: [byte ^ 0x10])
      try handle.close()
      let log = Log()
      let process = try open(directory, log)
      #expect(try findings(process) == expected, "byte \(position)")
      let report = try process.store.verifyIndex()
      #expect(report.agrees && report.memories == 60, "byte \(position)")
      #expect(
        log.text.contains("the index of words is built again") || report.damage != nil,
        "byte \(position)")
      healed += 1
      try process.store.settleIndex()
      try process.store.close()
    }
    #expect(healed > 30)
  }

  @Test func `what was erased is in no file of the words, and rebuilding makes them again`() throws
  {
    let directory = try TemporaryDirectory()
    let process = try open(directory)
    try fill(process, 0..<40)
    _ = try process.add("a secret about xylophones", user: "ana")
    try process.store.settleIndex()
    func holds(_ word: String) throws -> Bool {
      try segments(directory).contains {
        try Data(contentsOf: $0).range(of: Data(word.utf8)) != nil
      }
    }
    #expect(try holds("xylophon"))
    _ = try process.memories.forget(UserID(stored: "ana"), caller: ServiceFixture.anyone)
    #expect(try !holds("xylophon") && holds("appl"))
    let expected = try findings(process)
    try process.store.rebuildIndex()
    #expect(try findings(process) == expected && holds("appl") && !holds("xylophon"))
    #expect(try process.store.verifyIndex().memories == 20)
  }
}
