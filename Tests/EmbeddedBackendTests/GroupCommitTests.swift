import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import Records
import Retrieval
import ServiceTestSupport
import Synchronization
import TestSupport
import Testing

/// Many threads of one process that write and read at once.
@Suite struct GroupCommitTests {
  private struct Refusal: Error, Equatable { let number: Int }

  private static func memory(_ content: String) -> Memory {
    Memory(
      id: .make(), user: UserID(stored: "ana"), content: content,
      createdAt: Timestamp(milliseconds: 1_790_000_000_000))
  }

  /// Runs pieces of work on threads of their own and waits for all.
  private func atOnce(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
      group.enter()
      Thread.detachNewThread {
        work(number)
        group.leave()
      }
    }
    group.wait()
  }

  /// How many commits the log holds: frames that say how long the database is after them.
  private func commits(_ directory: TemporaryDirectory) throws -> Int {
    let log = [UInt8](
      try Data(
        contentsOf: directory.url.appendingPathComponent("data/recollect.sqlite-wal")))
    return stride(from: 32, to: log.count - 23, by: 24 + 8192).count { frame in
      log[(frame + 4)..<(frame + 8)].contains { $0 != 0 }
    }
  }

  @Test func `writes that wait for one share its successor's commit, each with its own outcome`()
    throws
  {
    let fixture = try ServiceFixture(embedder: nil)
    let store = fixture.store
    let before = try commits(fixture.directory)
    let outcomes = Mutex<[Int: String]>([:])
    let twin = Self.memory("twin")
    try store.write { try $0.insert(twin, nil) }
    let count = 12
    atOnce(count) { number in
      do {
        try store.write { writer in
          // The first to come holds the others up until all of them wait.
          while outcomes.withLock({ $0.isEmpty }) && store.waitingWrites < count - 1 {
            usleep(100)
          }
          outcomes.withLock { $0[number] = "begun" }
          try writer.insert(Self.memory("note \(number)"), nil)
          if number % 4 == 1 { throw Refusal(number: number) }
          if number % 4 == 2 { try writer.insert(twin, nil) }
        }
        outcomes.withLock { $0[number] = "stored" }
      } catch let refusal as Refusal {
        outcomes.withLock { $0[number] = "refused \(refusal.number)" }
      } catch {
        outcomes.withLock { $0[number] = "\(type(of: error))" }
      }
    }
    for number in 0..<count {
      let expected = ["stored", "refused \(number)", "StorageError", "stored"][number % 4]
      #expect(outcomes.withLock { $0[number] } == expected, "write \(number)")
    }
    let page = try store.read {
      try $0.memories(
        in: try Authority.scope(of: UserID(stored: "ana"), for: ServiceFixture.anyone),
        .init(limit: 100))
    }
    #expect(
      Set(page.records.map(\.content))
        == Set((0..<count).filter { [0, 3].contains($0 % 4) }.map { "note \($0)" } + ["twin"]))
    // One for the twin; the first to come may have been alone in its transaction, or refused.
    #expect(try commits(fixture.directory) - before <= 3)
  }

  @Test func `a write that nobody waits for any more leaves the queue and stores nothing`() throws {
    let fixture = try ServiceFixture(embedder: nil)
    let store = fixture.store
    let isHeld = Mutex(false)
    let mayEnd = Mutex(false)
    let outcome = Mutex<String>("")
    atOnce(2) { number in
      do {
        if number == 0 {
          try store.write { _ in
            isHeld.withLock { $0 = true }
            while !mayEnd.withLock({ $0 }) { usleep(100) }
          }
          return
        }
        while !isHeld.withLock({ $0 }) { usleep(100) }
        defer { mayEnd.withLock { $0 = true } }
        try Interest.depends(on: { true }) {
          try store.write { try $0.insert(Self.memory("unwanted"), nil) }
        }
      } catch {
        outcome.withLock { $0 = "\(type(of: error))" }
      }
    }
    #expect(outcome.withLock { $0 } == "CancellationError")
    #expect(
      try store.read { try $0.memoriesWithoutVector(Authority.maintenance, limit: 9) }.isEmpty)
  }

  @Test func `beside readers, what is counted never differs from what is there`() throws {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 100, timeout: 1e9))
    let sessions = try (0..<3).map { _ in try fixture.open("ana").session.id }
    let anyone = ServiceFixture.anyone
    let writers = 6
    let finished = Mutex(0)
    let faults = Mutex<[String]>([])
    atOnce(writers + 2) { number in
      do {
        if number < writers {
          defer { finished.withLock { $0 += 1 } }
          for round in 0..<40 {
            let memory = try fixture.add(
              "note \(number) \(round)", user: "ana", session: sessions[(number + round) % 3])
            if round % 3 == 0 {
              _ = try fixture.memories.delete(memory.id, caller: anyone, user: nil)
            }
          }
          return
        }
        while finished.withLock({ $0 }) < writers {
          try fixture.store.read { reader in
            for session in sessions {
              let scope = try Authority.resolve(session, for: anyone, user: nil) {
                try reader.owner(of: $0)
              }
              let counted = try reader.session(in: scope)?.memoryCount ?? -1
              let there = try reader.memories(in: scope, .init(limit: 1)).total
              if counted != there {
                faults.withLock { $0.append("\(counted) counted, \(there) there") }
              }
            }
          }
        }
      } catch {
        faults.withLock { $0.append("\(error)") }
      }
    }
    #expect(faults.withLock { $0 } == [])
    let counts = try fixture.sessions.systemStatistics(caller: anyone).counts
    #expect(counts.memories == writers * 26 && counts.lifetimeMemories == writers * 40)
    let directory = fixture.directory.url.appendingPathComponent("data")
    for finding in StoreExamination(directory).findings() {
      #expect(finding.status < .wrong, "\(finding.name): \(finding.detail)")
    }
  }

  @Test func `a clock that goes backwards loses nothing and revives nothing`() throws {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 9, timeout: 100))
    let anyone = ServiceFixture.anyone
    let session = try fixture.open("ana").session
    let first = try fixture.add("before", user: "ana", session: session.id)
    fixture.clock.advance(seconds: -3600)
    let second = try fixture.add("after", user: "ana", session: session.id)
    let view = try fixture.sessions.session(session.id, caller: anyone, user: nil)
    #expect(view.lastActivity == session.lastActivity && view.memoryCount == 2)
    let changed = try fixture.memories.update(
      first.id, .init(content: "changed"), caller: anyone, user: nil)
    #expect(changed.version == 2)
    #expect(
      Set(try fixture.contents("changed after", user: "ana", session: session.id))
        == ["changed", "after"])
    let list = try fixture.memories.list(
      caller: anyone, user: nil, session: session.id, .init(limit: 1))
    let rest = try fixture.memories.list(
      caller: anyone, user: nil, session: session.id, .init(limit: 9, after: list.next))
    #expect(Set((list.records + rest.records).map(\.id)) == [first.id, second.id])
    // What a sweep has written down stays, however the clock is turned.
    fixture.clock.advance(seconds: 3600 + 200)
    #expect(try fixture.sessions.sweep().expiredSessions == 1)
    fixture.clock.advance(seconds: -200)
    #expect(
      try fixture.sessions.session(session.id, caller: anyone, user: nil).status == .expired)
    #expect(throws: ServiceError.self) {
      try fixture.add("too late", user: "ana", session: session.id)
    }
  }

  @Test func `health names the schema's version, and says when it is another`() throws {
    let fixture = try ServiceFixture()
    let health = HealthService(
      backend: fixture.store, embedding: fixture.embedding, rules: SessionRules(),
      sweeps: SweepRecord(), answerModel: "none", availableBytes: { 1 << 40 }, log: { _ in })
    func database() -> HealthService.Part? {
      health.check(caller: ServiceFixture.anyone).parts.first { $0.name == "database" }
    }
    #expect(database()?.detail.contains("schema version 3") == true)
  }
}
