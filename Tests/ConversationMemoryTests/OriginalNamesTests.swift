import ConversationMemory
import Foundation
import Records
import ServiceTestSupport
import TestSupport
import Testing

/// Where the names of the original Python service went, a test for each row of the product's table.
@Suite struct OriginalNamesTests {
  private let anyone = ServiceFixture.anyone
  private let ana = UserID(stored: "ana")

  @Test
  func `add_memory_with_session, get_session_memories, search_memories_by_session are session_id`()
    throws
  {
    let fixture = try ServiceFixture()
    let (garden, kitchen) = (try fixture.open("ana").session.id, try fixture.open("ana").session.id)
    let memory = try fixture.add("The beans climb the fence.", user: "ana", session: garden)
    #expect(memory.session == garden)
    _ = try fixture.add("The beans are in the pot.", user: "ana", session: kitchen)
    _ = try fixture.add("Beans are cheap.", user: "ana")
    let page = try fixture.memories.list(
      caller: anyone, user: nil, session: garden, MemoryPage(limit: 10))
    #expect(page.records.map(\.id) == [memory.id] && page.total == 1)
    #expect(
      try fixture.contents("beans", user: "ana", session: garden) == ["The beans climb the fence."])
    #expect(try fixture.contents("beans", user: "ana").count == 3)
  }

  @Test func `cleanup_session_memories is clearing a session, or deleting it with its memories`()
    throws
  {
    let fixture = try ServiceFixture()
    let first = try fixture.open("ana").session.id
    let second = try fixture.open("ana").session.id
    for session in [first, first, second, nil] {
      _ = try fixture.add("note \(UUID())", user: "ana", session: session)
    }
    #expect(
      try fixture.memories.clear(caller: anyone, user: nil, session: first, types: nil) == 2)
    #expect(try fixture.sessions.session(first, caller: anyone, user: nil).memoryCount == 0)
    #expect(
      try fixture.sessions.delete(second, withMemories: true, caller: anyone, user: nil) == 1)
    let rest = try fixture.memories.statistics(caller: anyone, user: ana, session: nil)
    #expect(rest.statistics.total == 1)
  }

  @Test func `get_memory_stats_by_session is the statistics of a session`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    _ = try fixture.add("Bees sleep.", user: "ana", session: session, type: "fact")
    _ = try fixture.add("Do bees sleep?", user: "ana", session: session, type: "question")
    _ = try fixture.add("Elsewhere.", user: "ana")
    let (scope, memories) = try fixture.memories.statistics(
      caller: anyone, user: nil, session: session)
    #expect(scope.session == session && memories.total == 2)
    #expect(memories.byType == ["fact": 1, "question": 1])
    let statistics = try fixture.sessions.statistics(session, caller: anyone, user: nil)
    #expect(statistics.memoriesByType == memories.byType)
    #expect(statistics.session.memoryCount == 2)
  }

  @Test
  func
    `SessionService create, get, update, list, expire, record, statistics and background clean-up`()
    throws
  {
    let fixture = try ServiceFixture()
    let service = fixture.sessions
    // create_session, with the limit per user that expired the oldest.
    let ids = try (0..<4).map { number in
      fixture.clock.advance(seconds: 1)
      return try fixture.open("ana", "n\(number)").session.id
    }
    // get_session
    #expect(try service.session(ids[0], caller: anyone, user: nil).status == .expired)
    #expect(try service.session(ids[3], caller: anyone, user: ana).name == "n3")
    // update_session
    let updated = try service.update(
      ids[3], name: "new", metadata: ["a": 1], caller: anyone, user: nil)
    #expect(updated.name == "new" && updated.metadata == ["a": 1])
    // get_user_sessions, with and without expired ones
    func listed(_ includeExpired: Bool) throws -> [SessionID] {
      try service.list(
        caller: anyone, user: ana, includeExpired: includeExpired, limit: 10, cursor: nil
      ).records.map(\.id)
    }
    #expect(try listed(false) == [ids[3], ids[2], ids[1]] && listed(true).count == 4)
    // expire_session
    #expect(try service.expire(ids[2], caller: anyone, user: nil).changed)
    // record_interaction, which is refused where the session is over
    fixture.clock.advance(seconds: 1)
    let counted = try service.recordInteraction(in: ids[3], caller: anyone, user: nil)
    #expect(counted.interactionCount == 1 && counted.lastActivity == fixture.clock.now)
    for (id, user) in [(ids[2], nil), (ids[3], UserID(stored: "ben")), (.make(), nil)] {
      #expect(throws: ServiceError.self) {
        try service.recordInteraction(in: id, caller: anyone, user: user)
      }
    }
    // get_session_stats, get_system_stats
    #expect(
      try service.statistics(ids[3], caller: anyone, user: nil).session.interactionCount == 1)
    let system = try service.systemStatistics(caller: anyone).counts
    #expect(system.activeSessions == 2 && system.expiredSessions == 2 && system.interactions == 1)
    // cleanup_expired_sessions
    fixture.clock.advance(seconds: 1000)
    #expect(try service.sweep().expiredSessions == 2)
  }

  @Test func `sessions.json, memories.json are imported, and exported as lines`() throws {
    let sessions: JSONValue = [
      "sessions": ["s-1": ["id": "s-1", "user_id": "ana", "name": "Plans", "status": "active"]]
    ]
    let memories: JSONValue = [
      "memories": ["ana": [["id": "1.5", "memory": "Plant pears.", "session_id": "s-1"]]]
    ]
    #expect(OriginalData.recognises(sessions) && OriginalData.recognises(memories))
    let data = OriginalData([("memories.json", memories), ("sessions.json", sessions)])
    #expect(data.refused.isEmpty)
    let fixture = try ServiceFixture()
    let counts = try fixture.memories.importRecords(data.records, caller: anyone)
    #expect(counts.sessions == 1 && counts.memories == 1)
    var lines: [String] = []
    try fixture.memories.export(caller: anyone, user: ana) { lines.append(try JSON.text($0)) }
    #expect(lines.count == 2 && lines[0].contains("Plans") && lines[1].contains("Plant pears."))
    let copy = try ServiceFixture(clock: fixture.clock)
    _ = try copy.memories.importRecords(
      try lines.map { try JSON.value(ImportedRecord.self, from: $0) }, caller: anyone)
    #expect(try copy.contents("pears", user: "ana") == ["Plant pears."])
  }

  @Test
  func
    `ServerConfig's session_timeout_hours, max_sessions_per_user, session_cleanup_interval_minutes, enable_session_tracking are variables`()
    throws
  {
    let directory = try TemporaryDirectory()
    func run(_ arguments: [String], _ environment: [String: String]) throws -> (Int32, JSONValue) {
      let outcome = try RecollectProcess().run(
        arguments + ["--json", "--data-directory", directory.url.path, "--model", "hashing"],
        environment: environment)
      return (
        outcome.status,
        outcome.status == 0
          ? try JSONTextReader.value(of: Array(outcome.standardOutput))
          : .string(outcome.standardError)
      )
    }
    /// How long a session stays active, in seconds.
    func lifetime(_ environment: [String: String]) throws -> Double {
      let session = try run(["sessions", "create"], environment).1["session"]
      func time(_ field: String) throws -> Timestamp {
        try #require(session?[field]?.string.flatMap { Timestamp($0) })
      }
      return try time("expires_at").seconds(since: try time("last_activity"))
    }
    #expect(try lifetime([:]) == 24 * 3600)
    #expect(try lifetime(["RECOLLECT_SESSION_TIMEOUT_HOURS": "0.25"]) == 900)
    let limit = ["RECOLLECT_MAX_SESSIONS_PER_USER": "1"]
    let expired = try run(["sessions", "create"], limit).1["expired_sessions"]
    #expect(expired?.array?.count == 2)
    let (refused, reason) = try run(
      ["sessions", "list"], ["RECOLLECT_ENABLE_SESSION_TRACKING": "false"])
    #expect(refused == 2)
    #expect(reason.string?.contains("RECOLLECT_ENABLE_SESSION_TRACKING") == true)
    // That the sweep comes by that often is seen in `SessionProcessTests`.
    let interval = "RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES"
    #expect(try run(["sessions", "list"], [interval: "0.005"]).0 == 0)
    for (name, value) in [
      (interval, "0"), ("RECOLLECT_SESSION_TIMEOUT_HOURS", "-1"),
      ("RECOLLECT_MAX_SESSIONS_PER_USER", "1.5"), ("RECOLLECT_ENABLE_SESSION_TRACKING", "maybe"),
    ] {
      let (status, message) = try run(["sessions", "list"], [name: value])
      #expect(status == 2 && message.string?.contains(name) == true, "\(name)")
    }
  }
}
