import ConversationMemory
import RAG
import Records
import ServiceTestSupport
import Testing

@Suite struct SessionServiceTests {
  private let ana = UserID(stored: "ana")

  @Test func `one session too many expires the least recently used, and says which`() throws {
    let fixture = try ServiceFixture()
    var ids: [SessionID] = []
    for _ in 0..<3 {
      let opened = try fixture.open("ana")
      #expect(opened.expired.isEmpty)
      ids.append(opened.session.id)
      fixture.clock.advance(seconds: 1)
    }
    _ = try fixture.add("the first is used again", user: "ana", session: ids[0])
    fixture.clock.advance(seconds: 1)
    #expect(try fixture.open("ana").expired == [ids[1]])
    // Another user's sessions are nobody's concern.
    #expect(try fixture.open("ben").expired.isEmpty)
    let active = try fixture.sessions.list(
      caller: ServiceFixture.anyone, user: ana, includeExpired: false, limit: 10, cursor: nil)
    #expect(active.total == 3 && !active.records.map(\.id).contains(ids[1]))
  }

  @Test func `among equally old sessions the smaller id goes first`() throws {
    let fixture = try ServiceFixture()
    let ids = try (0..<3).map { _ in try fixture.open("ana").session.id }
    #expect(try fixture.open("ana").expired == [ids[0]])
  }

  @Test func `time alone expires a session, at access and without any sweep`() throws {
    let fixture = try ServiceFixture()
    let id = try fixture.open("ana").session.id
    fixture.clock.advance(seconds: 99)
    _ = try fixture.add("still in time", user: "ana", session: id)
    fixture.clock.advance(seconds: 99)
    #expect(
      try fixture.sessions.session(id, caller: ServiceFixture.anyone, user: nil).status == .active)
    fixture.clock.advance(seconds: 1)
    let session = try fixture.sessions.session(id, caller: ServiceFixture.anyone, user: nil)
    #expect(session.status == .expired && session.expiredAt == fixture.clock.now)
    let error = #expect(throws: ServiceError.self) {
      try fixture.add("too late", user: "ana", session: id)
    }
    #expect(error?.code == .sessionExpired)
    #expect(error?.message.contains("expired") == true)
    #expect(session.memoryCount == 1)
    // It is still there to be searched, and reading does not revive it.
    #expect(try fixture.contents("time", user: "ana", session: id) == ["still in time"])
    try fixture.flushTouches()
    #expect(
      try fixture.sessions.session(id, caller: ServiceFixture.anyone, user: nil).status == .expired)
  }

  @Test func `the sweep writes down when a session was due, not when it was found`() throws {
    let fixture = try ServiceFixture()
    let id = try fixture.open("ana").session.id
    let due = fixture.clock.now.advanced(bySeconds: 100)
    fixture.clock.advance(seconds: 500)
    #expect(try fixture.sessions.sweep().expiredSessions == 1)
    #expect(try fixture.sessions.sweep().isEmpty)
    let session = try fixture.sessions.session(id, caller: ServiceFixture.anyone, user: nil)
    #expect(session.expiredAt == due)
  }

  @Test func `expiring twice changes nothing and restarts no clock`() throws {
    let fixture = try ServiceFixture()
    let id = try fixture.open("ana").session.id
    fixture.clock.advance(seconds: 1)
    let first = try fixture.sessions.expire(id, caller: ServiceFixture.anyone, user: nil)
    fixture.clock.advance(seconds: 1)
    let second = try fixture.sessions.expire(id, caller: ServiceFixture.anyone, user: nil)
    #expect(first.changed && !second.changed)
    #expect(first.session == second.session)
  }

  @Test func `pages of sessions hold each one once, newest activity first`() throws {
    let fixture = try ServiceFixture(rules: SessionRules(maximumPerUser: 50, timeout: 1000))
    for number in 0..<23 {
      _ = try fixture.open("ana", "n\(number)")
      if number % 3 == 0 { fixture.clock.advance(seconds: 1) }
    }
    var seen: [Session] = []
    var cursor: PageCursor?
    repeat {
      let page = try fixture.sessions.list(
        caller: ServiceFixture.anyone, user: ana, includeExpired: true, limit: 5,
        cursor: try cursor.map { try PageCursor($0.text) })
      #expect(page.total == 23)
      seen += page.records
      cursor = page.next
    } while cursor != nil
    #expect(Set(seen.map(\.id)).count == 23)
    #expect(
      seen.map { ($0.lastActivity, $0.id) }.elementsEqual(
        seen.map { ($0.lastActivity, $0.id) }.sorted { $0 > $1 }, by: ==))
  }

  @Test func `counts follow what happened and lifetime totals survive deletion`() throws {
    let fixture = try ServiceFixture()
    let id = try fixture.open("ana").session.id
    _ = try fixture.add("Ingrid keeps bees in Lisbon.", user: "ana", session: id, type: "fact")
    let second = try fixture.add("Tea without sugar.", user: "ana", session: id)
    _ = try fixture.add("Without a session.", user: "ana")
    let answer = try fixture.questions.ask(
      .init(text: "Ingrid keeps bees in Lisbon?"), caller: ServiceFixture.anyone, user: ana,
      session: id)
    #expect(answer.isAnswered)
    #expect(
      try fixture.memories.delete(second.id, caller: ServiceFixture.anyone, user: nil))
    let statistics = try fixture.sessions.statistics(
      id, caller: ServiceFixture.anyone, user: nil)
    #expect(statistics.session.interactionCount == 1)
    #expect(statistics.session.memoryCount == 2)
    #expect(statistics.memoriesByType == ["fact": 1, "conversation": 1])
    let system = try fixture.sessions.systemStatistics(caller: ServiceFixture.anyone).counts
    #expect(system.activeSessions == 1 && system.users == 1 && system.memories == 3)
    #expect(
      system.lifetimeSessions == 1 && system.lifetimeInteractions == 1
        && system.lifetimeMemories == 4)
  }

  @Test func `names and metadata are checked`() throws {
    let fixture = try ServiceFixture()
    let long = String(repeating: "x", count: 201)
    for (name, metadata) in [
      (long, [:]), ("  ", [:]), ("a\u{0}b", [:]), ("ok", ["a": ["b": ["c": ["d": ["e": 1]]]]]),
      ("ok", ["k": .string(String(repeating: "x", count: 17_000))]), ("ok", ["k": "\u{0}"]),
    ] as [(String, [String: JSONValue])] {
      let error = #expect(throws: ServiceError.self) {
        try fixture.sessions.create(
          caller: ServiceFixture.anyone, user: ana, name: name, metadata: metadata)
      }
      #expect(error?.code == .invalidArgument)
    }
    #expect(
      try fixture.sessions.systemStatistics(caller: ServiceFixture.anyone).counts.lifetimeSessions
        == 0)
  }
}
