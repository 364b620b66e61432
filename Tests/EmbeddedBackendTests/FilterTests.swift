import ConversationMemory
import EmbeddedBackend
import Records
import ServiceTestSupport
import TestSupport
import Testing

/// Filters through the real store: what they select is what they mean, wherever they are used.
@Suite struct FilterTests {
  private static let user = UserID(stored: "ana")

  /// A store with random memories of a user, some of them in two sessions, and another user's.
  private func fixture(
    _ generator: inout SeededGenerator, count: Int = 40
  ) throws -> (ServiceFixture, sessions: [SessionID], memories: [Memory]) {
    let fixture = try ServiceFixture(rules: .init(maximumPerUser: 100, timeout: 1e9))
    let sessions = try (0..<2).map { _ in try fixture.open("ana").session.id }
    for number in 0..<count + 5 {
      let foreign = number >= count
      _ = try fixture.memories.add(
        MemoryService.Draft(
          content: "note \(number) about the garden",
          type: FilterOracle.types.randomElement(using: &generator) ?? "",
          metadata: FilterOracle.metadata(&generator),
          occurredAt: Bool.random(using: &generator) ? FilterOracle.time(&generator) : nil,
          importance: FilterOracle.importance(&generator)),
        caller: ServiceFixture.anyone, user: foreign ? UserID(stored: "ben") : Self.user,
        session: foreign ? nil : ([nil] + sessions).randomElement(using: &generator) ?? nil)
      if number % 4 == 3 { fixture.clock.advance(seconds: 6 * 3600) }
    }
    let memories = try list(fixture, MemoryFilter()).records
    try #require(memories.count == count)
    return (fixture, sessions, memories)
  }

  private func list(
    _ fixture: ServiceFixture, _ filter: MemoryFilter, session: SessionID? = nil,
    limit: Int = 100, after: PageCursor? = nil
  ) throws -> RecordPage<Memory> {
    try fixture.memories.list(
      caller: ServiceFixture.anyone, user: Self.user, session: session,
      MemoryPage(filter: filter, limit: limit, after: after))
  }

  private func search(
    _ fixture: ServiceFixture, _ filter: MemoryFilter, _ strategy: RetrievalStrategy,
    session: SessionID? = nil, limit: Int = 100
  ) throws -> [MemoryID] {
    try fixture.memories.search(
      .init(query: "garden note", strategy: strategy, filter: filter, limit: limit),
      caller: ServiceFixture.anyone, user: Self.user, session: session
    ).hits.map(\.memory.id)
  }

  @Test(arguments: [21, 22, 23] as [UInt64])
  func `lists and searches select just what a filter means`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (fixture, sessions, memories) = try fixture(&generator)
    var selective = 0
    for round in 0..<1_100 {
      let json = FilterOracle.filter(.random(in: 1...4, using: &generator), memories, &generator)
      let filter = MemoryFilter(expression: try FilterExpression(json))
      let expected = memories.filter { FilterOracle.matches(json, $0) }
      let label = "seed \(seed), round \(round): \(try JSON.text(json))"
      #expect(memories.filter { filter.expression?.matches($0) == true } == expected, "\(label)")
      if !expected.isEmpty && expected.count < memories.count { selective += 1 }

      let page = try list(fixture, filter)
      #expect(page.records == expected && page.total == expected.count, "\(label)")
      let limit = Int.random(in: 1...10, using: &generator)
      let found = try search(fixture, filter, .semantic, limit: limit)
      #expect(found.count == min(limit, expected.count), "\(label)")
      #expect(Set(found).isSubset(of: expected.map(\.id)), "\(label)")
      guard round % 10 == 0 else { continue }
      for strategy in RetrievalStrategy.allCases {
        // All of them share words with the query.
        let found = try search(fixture, filter, strategy)
        #expect(Set(found) == Set(expected.map(\.id)), "\(strategy), \(label)")
      }
      let session = sessions[round / 10 % 2]
      let inside = expected.filter { $0.session == session }
      #expect(try list(fixture, filter, session: session).records == inside, "\(label)")
      #expect(
        try Set(search(fixture, filter, .hybrid, session: session)) == Set(inside.map(\.id)),
        "\(label)")
    }
    #expect(selective > 500, "most filters must tell memories apart")
  }

  @Test func `pages of a filtered list follow each other, and the total is of them all`() throws {
    var generator = SeededGenerator(seed: 24)
    let (fixture, _, memories) = try fixture(&generator)
    for _ in 0..<100 {
      let json = FilterOracle.filter(2, memories, &generator)
      var filter = MemoryFilter(expression: try FilterExpression(json))
      filter.types = Bool.random(using: &generator) ? [FilterOracle.types[0], "fact"] : nil
      filter.since = Bool.random(using: &generator) ? FilterOracle.time(&generator) : nil
      let expected = memories.filter { memory in
        FilterOracle.matches(json, memory) && filter.types?.contains(memory.type) != false
          && filter.since.map { memory.time >= $0 } != false
      }
      var listed: [Memory] = []
      var cursor: PageCursor?
      repeat {
        let page = try list(fixture, filter, limit: 3, after: cursor)
        #expect(page.total == expected.count)
        listed += page.records
        cursor = page.next
      } while cursor != nil
      #expect(listed == expected, "\(json)")
    }
  }

  @Test func `and, or and not are what they are of sets`() throws {
    var generator = SeededGenerator(seed: 25)
    let (fixture, _, memories) = try fixture(&generator)
    let everything = Set(memories.map(\.id))
    func selected(_ json: JSONValue) throws -> Set<MemoryID> {
      Set(
        try list(fixture, MemoryFilter(expression: FilterExpression(json))).records.map(\.id))
    }
    for _ in 0..<150 {
      let a = FilterOracle.filter(2, memories, &generator)
      let b = FilterOracle.filter(2, memories, &generator)
      let (inA, inB) = (try selected(a), try selected(b))
      let laws: [(JSONValue, Set<MemoryID>)] = [
        (["not": a], everything.subtracting(inA)), (["not": ["not": a]], inA),
        (["and": [a, b]], inA.intersection(inB)), (["or": [a, b]], inA.union(inB)),
        (["not": ["and": [a, b]]], try selected(["or": [["not": a], ["not": b]]])),
        (["not": ["or": [a, b]]], try selected(["and": [["not": a], ["not": b]]])),
      ]
      for (json, expected) in laws {
        #expect(try selected(json) == expected, "\(json)")
      }
    }
    for _ in 0..<300 {
      let leaf = FilterOracle.comparison(memories, &generator)
      guard var members = leaf.object, let values = members["value"]?.array, members["op"] == "in"
      else { continue }
      let any: [JSONValue] = values.map { value in
        members["op"] = "eq"
        members["value"] = value
        return .object(members)
      }
      let byParts = try selected(["or": .array(any)])
      #expect(try selected(leaf) == byParts)
    }
  }

  @Test func `a filter never reaches what is another user's`() throws {
    var generator = SeededGenerator(seed: 26)
    let (fixture, _, memories) = try fixture(&generator)
    let own = Set(memories.map(\.id))
    let words = [
      "' OR '1'='1", "x') OR 1=1 --", "\") OR users.name = 'ben' --", "'; DROP TABLE memories; --",
      "$.a' OR 1=1", "日本' --", "\u{2019} OR 1=1", "%", "_", "?", "?2", ":user", "@user",
    ]
    for word in words {
      let hidden: [JSONValue] = [
        ["field": .string("metadata." + word), "op": "exists"],
        ["field": "metadata.absent", "op": "eq", "value": .string(word)],
        ["field": "memory_type", "op": "eq", "value": .string(word)],
        ["field": "memory_type", "op": "in", "value": [.string(word)]],
        ["field": "metadata.absent", "op": "contains", "value": .string(word)],
      ]
      for json in hidden {
        let nothing = MemoryFilter(expression: try FilterExpression(json))
        #expect(try list(fixture, nothing).total == 0)
        #expect(try search(fixture, nothing, .hybrid).isEmpty)
        let all = MemoryFilter(expression: try FilterExpression(["not": json]))
        #expect(try Set(list(fixture, all).records.map(\.id)) == own)
        #expect(try Set(search(fixture, all, .hybrid)) == own)
      }
      let key = "k" + word.replacing(".", with: "")
      let memory = try fixture.memories.add(
        MemoryService.Draft(content: "garden note of \(word)", metadata: [key: .string(word)]),
        caller: ServiceFixture.anyone, user: Self.user, session: nil
      ).memory
      let one = MemoryFilter(
        expression: try FilterExpression(
          ["field": .string("metadata." + key), "op": "eq", "value": .string(word)]))
      #expect(try list(fixture, one).records.map(\.id) == [memory.id])
      #expect(try search(fixture, one, .semantic) == [memory.id])
      _ = try fixture.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil)
    }
    #expect(try list(fixture, MemoryFilter()).total == own.count)
  }
}
