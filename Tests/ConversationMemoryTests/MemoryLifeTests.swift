import ConversationMemory
import Records
import ServiceTestSupport
import Testing

/// What becomes of a memory in the long run: versions, successors, expiry, and clearing.
@Suite struct MemoryLifeTests {
  private let ana = UserID(stored: "ana")
  private let anyone = ServiceFixture.anyone

  @Test func `history keeps every version, and an earlier one can be restored`() throws {
    let fixture = try ServiceFixture()
    let memory = try fixture.add("version one", user: "ana")
    for text in ["version two", "version three"] {
      fixture.clock.advance(seconds: 1)
      _ = try fixture.memories.update(
        memory.id, .init(content: text, metadata: ["text": .string(text)]), caller: anyone,
        user: nil)
    }
    let history = try fixture.memories.history(of: memory.id, caller: anyone, user: nil)
    #expect(history.map(\.content) == ["version one", "version two"])
    #expect(history.map(\.version) == [1, 2])
    let restored = try fixture.memories.restore(
      memory.id, version: 1, caller: anyone, user: nil)
    #expect(restored.content == "version one" && restored.version == 4)
    #expect(
      try fixture.memories.history(of: memory.id, caller: anyone, user: nil).map(\.version)
        == [1, 2, 3])
    #expect(try fixture.contents("one", user: "ana", strategy: .keyword) == ["version one"])
    let error = #expect(throws: ServiceError.self) {
      try fixture.memories.restore(memory.id, version: 9, caller: anyone, user: nil)
    }
    #expect(error?.code == .notFound)
  }

  @Test func `a stale version is a conflict and changes nothing`() throws {
    let fixture = try ServiceFixture()
    let memory = try fixture.add("one", user: "ana")
    _ = try fixture.memories.update(
      memory.id, .init(content: "two"), expecting: 1, caller: anyone, user: nil)
    let error = #expect(throws: ServiceError.self) {
      try fixture.memories.update(
        memory.id, .init(content: "three"), expecting: 1, caller: anyone, user: nil)
    }
    #expect(error?.code == .conflict && error?.field == "expected_version")
    #expect(
      try fixture.memories.memories([memory.id], caller: anyone, user: nil).found[0].content
        == "two")
  }

  @Test func `a superseded memory leaves every search but not the store`() throws {
    let fixture = try ServiceFixture()
    let old = try fixture.add("The review is on Thursday", user: "ana")
    func supersede(_ caller: Caller) throws -> (memory: Memory, outcome: MemoryService.Outcome) {
      try fixture.memories.add(
        .init(content: "The review is on Friday", supersedes: old.id), caller: caller, user: ana,
        session: nil)
    }
    let (new, outcome) = try supersede(anyone)
    #expect(outcome == .superseded && new.supersedes == old.id)
    for strategy in RetrievalStrategy.allCases {
      #expect(
        try fixture.contents("when is the review", user: "ana", strategy: strategy)
          == ["The review is on Friday"])
      #expect(
        try fixture.contents(
          "when is the review", user: "ana", strategy: strategy,
          filter: MemoryFilter(types: ["conversation"])) == ["The review is on Friday"])
    }
    let kept = try fixture.memories.memories([old.id], caller: anyone, user: nil).found[0]
    #expect(kept.supersededBy == new.id)
    let again = #expect(throws: ServiceError.self) { try supersede(anyone) }
    #expect(again?.code == .conflict)
    // Without its successor it is today's again.
    #expect(try fixture.memories.delete(new.id, caller: anyone, user: nil))
    #expect(try fixture.contents("review", user: "ana") == ["The review is on Thursday"])
  }

  @Test func `nobody supersedes another user's memory`() throws {
    let fixture = try ServiceFixture()
    let theirs = try fixture.add("of ben", user: "ben")
    let error = #expect(throws: ServiceError.self) {
      try fixture.memories.add(
        .init(content: "of ana", supersedes: theirs.id), caller: anyone, user: ana, session: nil)
    }
    #expect(error?.code == .notFound)
    #expect(
      try fixture.memories.memories([theirs.id], caller: anyone, user: nil).found[0].supersededBy
        == nil)
    #expect(try fixture.contents("of", user: "ana").isEmpty)
  }

  @Test func `an expired memory is gone at once, before any sweep, and costs no hit`() throws {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 9, timeout: 1e9))
    for number in 0..<10 {
      _ = try fixture.memories.add(
        .init(
          content: "bees number \(number)",
          expiresAt: number < 6 ? fixture.clock.now.advanced(bySeconds: 10) : nil),
        caller: anyone, user: ana, session: nil)
    }
    let doomed = try fixture.memories.list(caller: anyone, user: ana, session: nil, .init(limit: 9))
    #expect(doomed.total == 10)
    let id = try #require(doomed.records.first { $0.expiresAt != nil }).id
    fixture.clock.advance(seconds: 10)
    for strategy in RetrievalStrategy.allCases {
      let found = try fixture.contents("bees number", user: "ana", strategy: strategy, limit: 3)
      #expect(found.count == 3, "\(strategy)")
      #expect(
        try fixture.contents("bees number", user: "ana", strategy: strategy).count == 4)
    }
    #expect(
      try fixture.memories.list(caller: anyone, user: ana, session: nil, .init(limit: 9)).total == 4
    )
    #expect(try fixture.memories.memories([id], caller: anyone, user: nil).missing == [id])
    #expect(try !fixture.memories.delete(id, caller: anyone, user: nil))
    #expect(try fixture.sessions.sweep().expiredMemories == 6)
    #expect(try fixture.contents("bees number", user: "ana").count == 4)
    let past = #expect(throws: ServiceError.self) {
      try fixture.memories.add(
        .init(content: "late", expiresAt: fixture.clock.now), caller: anyone, user: ana,
        session: nil)
    }
    #expect(past?.field == "expires_at")
  }

  @Test func `several memories are stored together or not at all`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    func items(_ texts: [String]) -> [(draft: MemoryService.Draft, session: SessionID?)] {
      texts.map { (MemoryService.Draft(content: $0), session) }
    }
    var reported: [Int] = []
    let results = try fixture.memories.addAll(
      items((0..<70).map { "note \($0 % 60)" }), caller: anyone, user: ana
    ) { reported.append($0) }
    #expect(results.count { $0.outcome == .added } == 60)
    #expect(results.count { $0.outcome == .merged } == 10)
    #expect(reported == [32, 64, 70])
    let error = #expect(throws: ServiceError.self) {
      try fixture.memories.addAll(items(["fine", "  "]), caller: anyone, user: ana)
    }
    #expect(error?.message.contains("items[1]") == true)
    let statistics = try fixture.memories.statistics(
      caller: anyone, user: ana, session: nil
    ).statistics
    #expect(statistics.total == 60 && statistics.byType == ["conversation": 60])
    #expect(statistics.bySession.map(\.name) == [session.description])
    #expect(statistics.byDay.map(\.count) == [60])
    #expect(statistics.bytes == (0..<60).reduce(0) { $0 + "note \($1)".utf8.count })
  }

  @Test func `several memories that nobody waits for any more end between two batches`() throws {
    let fixture = try ServiceFixture()
    let items = (0..<200).map { (MemoryService.Draft(content: "note \($0)"), SessionID?.none) }
    var reported: [Int] = []
    #expect(throws: CancellationError.self) {
      try Interest.depends(on: { reported.count == 2 }) {
        try fixture.memories.addAll(items, caller: anyone, user: ana) { reported.append($0) }
      }
    }
    #expect(reported == [32, 64])
    #expect(
      try fixture.memories.statistics(caller: anyone, user: ana, session: nil).statistics.total == 0
    )
  }

  @Test func `clearing stays inside its scope and its types`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    for user in ["ana", "ben"] {
      _ = try fixture.add("fact", user: user, type: "fact")
      _ = try fixture.add("talk", user: user)
    }
    _ = try fixture.add("inside", user: "ana", session: session)
    #expect(
      try fixture.memories.clear(caller: anyone, user: ana, session: session, types: ["fact"]) == 0)
    #expect(
      try fixture.memories.clear(caller: anyone, user: nil, session: session, types: nil) == 1)
    #expect(
      try fixture.memories.clear(caller: anyone, user: ana, session: nil, types: ["fact"]) == 1)
    #expect(try fixture.memories.clear(caller: anyone, user: ana, session: nil, types: nil) == 1)
    #expect(try fixture.contents("fact talk inside", user: "ana").isEmpty)
    #expect(try fixture.contents("fact talk", user: "ben").count == 2)
  }
}
