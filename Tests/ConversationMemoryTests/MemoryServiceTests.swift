import ConversationMemory
import Records
import ServiceTestSupport
import Testing

@Suite struct MemoryServiceTests {
  private let ana = UserID(stored: "ana")

  @Test func `equal text is merged, by session, type and time`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    func add(
      _ content: String, _ session: SessionID? = nil, _ type: String = "fact",
      _ time: Timestamp? = nil, _ metadata: [String: JSONValue] = [:]
    ) throws -> (memory: Memory, outcome: MemoryService.Outcome) {
      try fixture.memories.add(
        .init(content: content, type: type, metadata: metadata, occurredAt: time),
        caller: ServiceFixture.anyone, user: ana, session: session)
    }
    let first = try add("Café at  noon", nil, "fact", nil, ["a": 1, "b": 2])
    #expect(first.outcome == .added)
    let again = try add(" Cafe\u{301} at\nnoon ", nil, "fact", nil, ["b": 3])
    #expect(again.outcome == .merged)
    #expect(again.memory.id == first.memory.id && again.memory.version == 1)
    #expect(again.memory.metadata == ["a": 1, "b": 3])
    #expect(again.memory.content == "Café at  noon")
    for different in [
      try add("café at noon"), try add("Café at noon", session),
      try add("Café at noon", nil, "preference"),
      try add("Café at noon", nil, "fact", Timestamp(milliseconds: 5)),
    ] { #expect(different.outcome == .added) }
    let other = try fixture.memories.add(
      .init(content: "Café at noon", type: "fact"), caller: ServiceFixture.anyone,
      user: UserID(stored: "ben"), session: nil)
    #expect(other.outcome == .added)
  }

  @Test func `an update keeps what it does not name, and is what is found afterwards`() throws {
    let fixture = try ServiceFixture()
    let memory = try fixture.memories.add(
      .init(content: "The review is on Thursday", metadata: ["a": 1, "b": 2]),
      caller: ServiceFixture.anyone, user: ana, session: nil
    ).memory
    fixture.clock.advance(seconds: 1)
    let changed = try fixture.memories.update(
      memory.id, .init(content: "The review is on Friday", metadata: ["a": .null, "c": 3]),
      caller: ServiceFixture.anyone, user: nil)
    #expect(changed.metadata == ["b": 2, "c": 3])
    #expect(changed.version == 2 && changed.createdAt == memory.createdAt)
    #expect(changed.updatedAt == fixture.clock.now)
    #expect(try fixture.contents("review", user: "ana") == ["The review is on Friday"])
    #expect(try fixture.contents("Thursday", user: "ana", strategy: .keyword).isEmpty)
    let same = try fixture.memories.update(
      memory.id, .init(metadata: ["b": 2]), caller: ServiceFixture.anyone, user: nil)
    #expect(same.version == 2)
  }

  @Test func `a deleted memory is gone from every search, and deleting again says so`() throws {
    let fixture = try ServiceFixture()
    let memory = try fixture.add("Green tea without sugar", user: "ana")
    #expect(try fixture.contents("tea", user: "ana").count == 1)
    #expect(try fixture.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil))
    #expect(try !fixture.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil))
    for strategy in RetrievalStrategy.allCases {
      #expect(try fixture.contents("green tea", user: "ana", strategy: strategy).isEmpty)
    }
  }

  @Test func `filters by type and time are exact, and never cost a hit`() throws {
    let fixture = try ServiceFixture()
    for number in 0..<60 {
      _ = try fixture.add(
        "note number \(number) about the garden", user: "ana",
        type: number % 3 == 0 ? "fact" : "conversation",
        occurredAt: number % 2 == 0 ? Timestamp(milliseconds: Int64(number)) : nil)
    }
    for strategy in RetrievalStrategy.allCases {
      let facts = try fixture.contents(
        "garden note", user: "ana", strategy: strategy, filter: MemoryFilter(types: ["fact"]))
      #expect(facts.count == 20, "\(strategy)")
      let early = try fixture.contents(
        "garden note", user: "ana", strategy: strategy,
        filter: MemoryFilter(
          since: Timestamp(milliseconds: 10), until: Timestamp(milliseconds: 20)))
      #expect(early.count == 6, "\(strategy)")
      let limited = try fixture.contents("garden note", user: "ana", strategy: strategy, limit: 7)
      #expect(limited.count == 7)
    }
  }

  @Test func `without a model texts are stored and found by word, and by meaning once it is there`()
    throws
  {
    let bare = try ServiceFixture(embedder: nil)
    _ = try bare.add("Ingrid keeps bees on the roof", user: "ana")
    #expect(try bare.contents("bees", user: "ana") == ["Ingrid keeps bees on the roof"])
    #expect(try bare.contents("insects", user: "ana").isEmpty)
    let error = #expect(throws: ServiceError.self) {
      try bare.contents("bees", user: "ana", strategy: .semantic)
    }
    #expect(error?.code == .unavailable)
    #expect(try bare.memories.embedMissing() == 0)
    let equipped = try ServiceFixture(directory: bare.directory)
    #expect(try equipped.contents("roof", user: "ana", strategy: .semantic).isEmpty)
    #expect(try equipped.memories.embedMissing() == 1)
    #expect(try equipped.memories.embedMissing() == 0)
    #expect(try equipped.contents("roof", user: "ana", strategy: .semantic).count == 1)
  }

  @Test func `a store remembers its embedder and refuses another`() throws {
    let first = try ServiceFixture()
    _ = try first.add("one", user: "ana")
    let other = try ServiceFixture(
      embedder: OtherEmbedder(), directory: first.directory)
    for attempt in [
      { _ = try other.add("two", user: "ana") }, { _ = try other.contents("one", user: "ana") },
    ] {
      let error = #expect(throws: ServiceError.self) { try attempt() }
      #expect(error?.code == .unavailable && error?.message.contains("hashing-256") == true)
    }
    #expect(try first.contents("one", user: "ana") == ["one"])
  }

  @Test func `searches are counted, but not durably and not as changes`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session
    let memory = try fixture.add("tea", user: "ana", session: session.id)
    fixture.clock.advance(seconds: 5)
    for _ in 0..<3 { _ = try fixture.contents("tea", user: "ana", session: session.id) }
    func stored() throws -> Memory {
      try fixture.memories.memories([memory.id], caller: ServiceFixture.anyone, user: nil).found[0]
    }
    #expect(try stored().accessCount == 0)
    try fixture.flushTouches()
    #expect(try stored().accessCount == 3)
    #expect(try stored().lastAccessedAt == fixture.clock.now)
    #expect(
      try fixture.sessions.session(session.id, caller: ServiceFixture.anyone, user: nil)
        .lastActivity == fixture.clock.now)
  }

  @Test func `pages of memories hold each one once while new ones arrive`() throws {
    let fixture = try ServiceFixture()
    var ids: Set<MemoryID> = []
    for number in 0..<25 {
      ids.insert(try fixture.add("note \(number)", user: "ana").id)
      if number % 4 == 0 { fixture.clock.advance(seconds: 1) }
    }
    var seen: [Memory] = []
    var cursor: PageCursor?
    repeat {
      let page = try fixture.memories.list(
        caller: ServiceFixture.anyone, user: ana, session: nil, .init(limit: 4, after: cursor))
      seen += page.records
      cursor = page.next
      fixture.clock.advance(seconds: 1)
      _ = try fixture.add("later \(seen.count)", user: "ana")
    } while cursor != nil
    #expect(seen.count == 25 && Set(seen.map(\.id)) == ids)
    #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
  }
}
