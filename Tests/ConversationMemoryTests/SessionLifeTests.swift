import ConversationMemory
import RAG
import Records
import ServiceTestSupport
import Testing

/// What becomes of sessions in the long run: successors, changes, deletion, purging, and none at all.
@Suite struct SessionLifeTests {
  private let ana = UserID(stored: "ana")
  private let anyone = ServiceFixture.anyone

  @Test func `a successor's searches see its predecessors, and nothing else does`() throws {
    let fixture = try ServiceFixture()
    let first = try fixture.open("ana").session.id
    _ = try fixture.add("bees in the first", user: "ana", session: first)
    _ = try fixture.sessions.expire(first, caller: anyone, user: nil)
    func open(_ predecessor: SessionID) throws -> Session {
      try fixture.sessions.create(
        caller: anyone, user: nil, name: nil, metadata: [:], continuing: predecessor
      ).session
    }
    let second = try open(first)
    #expect(second.user == ana && second.continues == first)
    _ = try fixture.add("bees in the second", user: "ana", session: second.id)
    let third = try open(second.id)
    _ = try fixture.add("bees of nobody's session", user: "ana")
    for strategy in RetrievalStrategy.allCases {
      func found(_ session: SessionID) throws -> Set<String> {
        Set(try fixture.contents("bees", user: "ana", session: session, strategy: strategy))
      }
      #expect(try found(third.id) == ["bees in the first", "bees in the second"], "\(strategy)")
      #expect(try found(first) == ["bees in the first"], "\(strategy)")
    }
    // A list is of one session alone.
    #expect(
      try fixture.memories.list(caller: anyone, user: nil, session: third.id, .init(limit: 9))
        .total == 0)
    // Nobody goes on from another user's session.
    let error = #expect(throws: ServiceError.self) {
      try fixture.sessions.create(
        caller: .bound(UserID(stored: "ben")), user: nil, name: nil, metadata: [:],
        continuing: first)
    }
    #expect(error?.code == .notFound)
  }

  @Test func `a session's name and metadata change, its counters do not`() throws {
    let fixture = try ServiceFixture()
    let opened = try fixture.sessions.create(
      caller: anyone, user: ana, name: "Old", metadata: ["a": 1, "b": 2]
    ).session
    fixture.clock.advance(seconds: 5)
    let changed = try fixture.sessions.update(
      opened.id, name: " New ", metadata: ["a": .null, "c": 3], caller: anyone, user: nil)
    #expect(changed.name == "New" && changed.metadata == ["b": 2, "c": 3])
    #expect(changed.lastActivity == opened.lastActivity)
    #expect(
      try fixture.sessions.session(opened.id, caller: anyone, user: nil) == changed)
  }

  @Test(arguments: [true, false])
  func `deleting a session takes its memories along, or leaves them to the user`(cascade: Bool)
    throws
  {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    for word in ["bees", "tea"] { _ = try fixture.add(word, user: "ana", session: session) }
    _ = try fixture.add("bees elsewhere", user: "ana")
    let deleted = try fixture.sessions.delete(
      session, withMemories: cascade, caller: anyone, user: nil)
    #expect(deleted == (cascade ? 2 : 0))
    #expect(
      try fixture.sessions.delete(session, withMemories: cascade, caller: anyone, user: nil) == nil)
    #expect(
      try fixture.contents("bees", user: "ana", strategy: .keyword).count == (cascade ? 1 : 2))
    let counts = try fixture.sessions.systemStatistics(caller: anyone).counts
    #expect(counts.activeSessions == 0 && counts.lifetimeSessions == 1)
    #expect(counts.memories == (cascade ? 1 : 3) && counts.lifetimeMemories == 3)
  }

  @Test(arguments: SessionRules.MemoriesOnPurge.allCases)
  func `old sessions are purged by the sweep, and what was in them goes by the rule`(
    rule: SessionRules.MemoriesOnPurge
  ) throws {
    let rules = SessionRules(
      maximumPerUser: 9, timeout: 100, retention: 1000, memoriesOnPurge: rule)
    let fixture = try ServiceFixture(rules: rules)
    let old = try fixture.open("ana").session.id
    _ = try fixture.add("bees", user: "ana", session: old)
    fixture.clock.advance(seconds: 1000)
    let young = try fixture.open("ana").session.id
    #expect(try fixture.sessions.sweep().purgedSessions == 0)
    fixture.clock.advance(seconds: 101)
    #expect(try fixture.sessions.sweep().purgedSessions == 1)
    #expect(throws: ServiceError.self) {
      try fixture.sessions.session(old, caller: anyone, user: nil)
    }
    #expect(
      try fixture.sessions.session(young, caller: anyone, user: nil).status == .expired)
    let left = try fixture.memories.list(caller: anyone, user: ana, session: nil, .init(limit: 9))
    #expect(left.total == (rule == .keep ? 1 : 0))
    // What is kept remembers where it comes from.
    #expect(left.records.allSatisfy { $0.session == old })
    let counts = try fixture.sessions.systemStatistics(caller: anyone).counts
    #expect(counts.lifetimeSessions == 2 && counts.lifetimeMemories == 1)
  }

  @Test func `without session tracking memories and questions work, and sessions are refused`()
    throws
  {
    let fixture = try ServiceFixture(rules: SessionRules(isTracking: false))
    _ = try fixture.add("Ingrid keeps bees on the roof.", user: "ana")
    let answer = try fixture.questions.ask(
      .init(text: "Does Ingrid keep bees on the roof?"), caller: anyone, user: ana, session: nil)
    #expect(answer.isAnswered)
    let some = SessionID.make()
    for attempt in [
      { _ = try fixture.open("ana") }, { _ = try fixture.add("x", user: "ana", session: some) },
      { _ = try fixture.contents("x", user: "ana", session: some) },
      { _ = try fixture.sessions.session(some, caller: anyone, user: nil) },
    ] as [() throws -> Void] {
      let error = #expect(throws: ServiceError.self) { try attempt() }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("RECOLLECT_ENABLE_SESSION_TRACKING") == true)
    }
  }
}
