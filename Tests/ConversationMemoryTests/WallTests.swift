import ConversationMemory
import RAG
import Records
import ServiceTestSupport
import Testing

/// Two users whose records are the same to the letter: whatever one asks with the other's ids finds
/// and changes nothing.
@Suite struct WallTests {
  private struct Twin {
    let user: UserID
    let session: SessionID
    let memories: [MemoryID]
  }

  private static let contents = [
    "Ingrid keeps bees on the roof in Lisbon.", "I prefer green tea without sugar.",
    "The budget review moved to Friday at nine.",
  ]

  private func twin(_ name: String, _ fixture: ServiceFixture) throws -> Twin {
    let session = try fixture.open(name, "Same name").session.id
    let memories = try Self.contents.map {
      try fixture.add($0, user: name, session: session).id
    }
    return Twin(user: UserID(stored: name), session: session, memories: memories)
  }

  private func refused(_ body: () throws -> Void) {
    let error = #expect(throws: ServiceError.self) { try body() }
    #expect(error?.code == .notFound)
  }

  /// Everything that is stored of a twin.
  private func picture(_ twin: Twin, _ fixture: ServiceFixture) throws -> [String] {
    let anyone = ServiceFixture.anyone
    let session = try fixture.sessions.session(twin.session, caller: anyone, user: nil)
    let memories = try fixture.memories.memories(twin.memories, caller: anyone, user: nil).found
    return ["\(session)"] + memories.map { "\($0)" }
  }

  @Test(arguments: [true, false])
  func `every verb with the other's ids finds nothing and changes nothing`(bound: Bool) throws {
    let fixture = try ServiceFixture()
    let ours = try twin("twin-a", fixture)
    let theirs = try twin("twin-b", fixture)
    let before = try picture(theirs, fixture)
    // A caller bound to a user, and one who names itself beside the other's ids.
    let caller: Caller = bound ? .bound(ours.user) : .unbound(default: nil)
    let user = bound ? nil : ours.user
    let sessions = fixture.sessions
    let memories = fixture.memories
    let unknown = (SessionID.make(), MemoryID.make())
    for (session, memory) in [(theirs.session, theirs.memories[0]), unknown] {
      refused { _ = try sessions.session(session, caller: caller, user: user) }
      refused { _ = try sessions.expire(session, caller: caller, user: user) }
      refused { _ = try sessions.statistics(session, caller: caller, user: user) }
      refused {
        _ = try memories.add(
          .init(content: "must not land"), caller: caller, user: user, session: session)
      }
      for strategy in RetrievalStrategy.allCases {
        refused {
          _ = try memories.search(
            .init(query: "bees", strategy: strategy), caller: caller, user: user, session: session)
        }
      }
      refused {
        _ = try memories.list(caller: caller, user: user, session: session, .init(limit: 10))
      }
      refused {
        _ = try memories.update(memory, .init(content: "changed"), caller: caller, user: user)
      }
      refused {
        _ = try fixture.questions.ask(
          .init(text: "Where are the bees?"), caller: caller, user: user, session: session)
      }
      refused { _ = try memories.history(of: memory, caller: caller, user: user) }
      refused { _ = try memories.restore(memory, version: 1, caller: caller, user: user) }
      refused {
        _ = try memories.clear(caller: caller, user: user, session: session, types: nil)
      }
      refused { _ = try memories.statistics(caller: caller, user: user, session: session) }
      refused {
        _ = try sessions.update(
          session, name: "taken", metadata: nil, caller: caller, user: user)
      }
      refused {
        _ = try sessions.create(
          caller: caller, user: user, name: nil, metadata: [:], continuing: session)
      }
      #expect(
        try sessions.delete(session, withMemories: true, caller: caller, user: user) == nil)
      #expect(try !memories.delete(memory, caller: caller, user: user))
      let got = try memories.memories([memory, ours.memories[0]], caller: caller, user: user)
      #expect(got.found.map(\.id) == [ours.memories[0]] && got.missing == [memory])
    }
    if bound {
      for verb in [
        {
          _ = try memories.search(
            .init(query: "bees"), caller: caller, user: theirs.user, session: nil)
        },
        { _ = try memories.list(caller: caller, user: theirs.user, session: nil, .init(limit: 1)) },
        {
          _ = try sessions.list(
            caller: caller, user: theirs.user, includeExpired: true, limit: 1, cursor: nil)
        },
        { _ = try sessions.create(caller: caller, user: theirs.user, name: nil, metadata: [:]) },
      ] as [() throws -> Void] { refused(verb) }
    }
    #expect(try picture(theirs, fixture) == before)
  }

  @Test func `each twin finds all of its own and none of the other's`() throws {
    let fixture = try ServiceFixture()
    let twins = [try twin("twin-a", fixture), try twin("twin-b", fixture)]
    for twin in twins {
      for (session, query) in [(nil, "bees tea budget"), (twin.session, "Lisbon sugar Friday")] {
        let hits = try fixture.memories.search(
          .init(query: query, limit: 100), caller: ServiceFixture.anyone, user: twin.user,
          session: session
        ).hits
        #expect(Set(hits.map(\.memory.id)) == Set(twin.memories))
      }
      let answer = try fixture.questions.ask(
        .init(text: "Where does Ingrid keep bees on the roof?"), caller: .bound(twin.user),
        user: nil, session: nil)
      #expect(answer.citations.allSatisfy { twin.memories.contains($0.memory) })
      #expect(answer.isAnswered)
    }
  }
}
