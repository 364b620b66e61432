import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import GRDB
import Records
import Retrieval
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct EmbeddedStoreTests {
  /// What each search of a set finds, to the bit.
  private func findings(_ fixture: ServiceFixture, _ users: [String]) throws -> [String] {
    var found: [String] = []
    for user in users {
      for query in ["apples and pears", "the blue door", "word7 word3", "Zürich"] {
        for strategy in RetrievalStrategy.allCases {
          let hits = try fixture.memories.search(
            .init(query: query, strategy: strategy, limit: 100), caller: ServiceFixture.anyone,
            user: UserID(stored: user), session: nil
          ).hits
          found += hits.map { "\(user) \($0.memory.id) \($0.relevance.bitPattern)" }
        }
      }
    }
    return found
  }

  @Test func `an index that followed every change equals one built anew, in every process`() throws
  {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 100, timeout: 1e9))
    // A second process: a store of its own on the same directory.
    let second = try ServiceFixture(
      rules: .init(maximumPerUser: 100, timeout: 1e9), directory: fixture.directory,
      clock: fixture.clock)
    var generator = SeededGenerator(seed: 11)
    let users = ["ana", "ben"]
    var known: [Memory] = []
    for round in 0..<120 {
      let writer = Bool.random(using: &generator) ? fixture : second
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where !known.isEmpty:
        let memory = known.remove(at: .random(in: 0..<known.count, using: &generator))
        _ = try writer.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil)
      case 1 where !known.isEmpty:
        let memory = known.randomElement(using: &generator)!
        _ = try writer.memories.update(
          memory.id, .init(content: "changed in round \(round): word\(round % 10) pears"),
          caller: ServiceFixture.anyone, user: nil)
      default:
        let words = (0..<8).map { _ in "word\(Int.random(in: 0..<20, using: &generator))" }
        let memory = try writer.add(
          "\(words.joined(separator: " ")) apples \(round)",
          user: users.randomElement(using: &generator)!)
        known.append(memory)
      }
      if round % 10 == 0 {
        let expected = try findings(fixture, users)
        #expect(try findings(second, users) == expected, "round \(round)")
        let fresh = try ServiceFixture(directory: fixture.directory, clock: fixture.clock)
        #expect(try findings(fresh, users) == expected, "round \(round)")
      }
    }
  }

  @Test func `searches beside writers always see records and index of one moment`() async throws {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 100, timeout: 1e9))
    let second = try ServiceFixture(directory: fixture.directory, clock: fixture.clock)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, writer) in [fixture, second].enumerated() {
        group.addTask {
          try await onOwnThread {
            for round in 0..<60 {
              let memory = try writer.add("apples \(number) \(round)", user: "ana")
              if round % 2 == 0 {
                _ = try writer.memories.delete(
                  memory.id, caller: ServiceFixture.anyone, user: nil)
              }
            }
          }
        }
        group.addTask {
          try await onOwnThread {
            for _ in 0..<120 {
              try writer.store.search { searcher in
                let scope = try Authority.scope(
                  of: UserID(stored: "ana"), for: ServiceFixture.anyone)
                let total = try searcher.records.memories(in: scope, .init(limit: 1)).total
                let matches = try searcher.matching(
                  "apples", count: .max, holdingWords: false, in: scope, MemoryFilter())
                #expect(matches.candidates.count == total)
                let vector = HashingEmbedder().sample("apples")
                let nearest = try searcher.nearest(
                  to: vector, count: 1000, in: scope, MemoryFilter())
                #expect(nearest.count == total)
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try fixture.contents("apples", user: "ana").count == 60)
  }

  @Test func `counters cannot diverge from what they count`() throws {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 100, timeout: 1e9))
    var generator = SeededGenerator(seed: 12)
    let sessions = try (0..<4).map { _ in try fixture.open("ana").session.id }
    var known: [MemoryID] = []
    for round in 0..<150 {
      if round % 4 == 3, let id = known.randomElement(using: &generator) {
        _ = try fixture.memories.delete(id, caller: ServiceFixture.anyone, user: nil)
      } else {
        known.append(
          try fixture.add(
            "note \(round)", user: "ana", session: sessions.randomElement(using: &generator)
          ).id)
      }
    }
    for session in sessions {
      let statistics = try fixture.sessions.statistics(
        session, caller: ServiceFixture.anyone, user: nil)
      let listed = try fixture.memories.list(
        caller: ServiceFixture.anyone, user: nil, session: session, .init(limit: 100)
      ).total
      #expect(statistics.session.memoryCount == listed)
      #expect(statistics.memoriesByType.values.reduce(0, +) == listed)
    }
  }

  @Test func `a write that throws leaves nothing behind`() throws {
    struct Refusal: Error {}
    let fixture = try ServiceFixture()
    let before = try fixture.store.read {
      try $0.memoriesWithoutVector(Authority.maintenance, limit: 10).count
    }
    #expect(throws: Refusal.self) {
      try fixture.store.write { writer in
        try writer.insert(
          Memory(
            id: .make(), user: UserID(stored: "ana"), content: "half", createdAt: fixture.clock.now),
          nil)
        throw Refusal()
      }
    }
    #expect(
      try fixture.store.read {
        try $0.memoriesWithoutVector(Authority.maintenance, limit: 10).count
      } == before)
  }

  @Test func `the log is folded into the database before it grows without bound`() throws {
    let fixture = try ServiceFixture(embedder: nil)
    let text = String(repeating: "many words ", count: 5_000)
    for number in 0..<300 { _ = try fixture.add("\(number) \(text)", user: "ana") }
    let log = fixture.directory.url.appendingPathComponent("data/recollect.sqlite-wal").path
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: log)[.size] as? NSNumber)
    // 300 × 55 KB were written; 1000 pages are 8 MB.
    #expect(size.intValue < 12 << 20)
  }
}

@Suite struct DamagedDatabaseTests {
  private func open(_ url: URL) throws { _ = try EmbeddedStore(directory: url) }

  @Test func `a database of a newer version or another program is refused and left alone`() throws {
    for (sql, code) in [
      (
        "PRAGMA application_id = \(0x5243_4C54); PRAGMA user_version = 99",
        StorageError.Code.newerVersion
      ),
      ("PRAGMA application_id = 7; CREATE TABLE theirs(x)", .damaged),
      ("CREATE TABLE theirs(x)", .damaged),
    ] {
      let directory = try TemporaryDirectory()
      let path = directory.url.appendingPathComponent("recollect.sqlite").path
      try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
      let error = #expect(throws: StorageError.self) { try open(directory.url) }
      #expect(error?.code == code)
      let tables = try DatabaseQueue(path: path).read {
        try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'grdb%'")
      }
      #expect(!tables.contains("memories"))
    }
  }

  @Test func `a file that is no database is refused`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("recollect.sqlite")
    try Data(repeating: 0x41, count: 20_000).write(to: file)
    let error = #expect(throws: StorageError.self) { try open(directory.url) }
    #expect(error?.code == .damaged)
    #expect(try Data(contentsOf: file) == Data(repeating: 0x41, count: 20_000))
  }

  @Test func `a directory that cannot be made is an error that says so`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("file")
    try Data().write(to: file)
    let error = #expect(throws: StorageError.self) {
      try open(file.appendingPathComponent("below"))
    }
    #expect(error?.code == .inputOutput)
  }
}

extension HashingEmbedder {
  /// The vector of one text; the embedder never fails.
  fileprivate func sample(_ text: String) -> [Float] {
    do { return try embed(text).vector } catch { return [] }
  }
}

/// Runs blocking work away from the cooperative pool.
private func onOwnThread(_ work: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation {
    (continuation: CheckedContinuation<Void, any Error>) in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
