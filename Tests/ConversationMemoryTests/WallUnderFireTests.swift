import ConversationMemory
import Foundation
import RAG
import Records
import ServiceTestSupport
import TestSupport
import Testing

/// Many users, every verb, ids of all of them mixed: each reply is looked at, and the whole store
/// afterwards.
@Suite struct WallUnderFireTests {
  private static let calls =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_WALL_CALLS"].flatMap(Int.init) ?? 5_000

  @Test(.timeLimit(.minutes(60)))
  func `no verb with anybody's ids reads or changes another user's rows`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("wall under fire: \(Self.calls) calls, seed \(seed)")
    var attack = try Attack(seed: seed)
    for _ in 0..<Self.calls { try attack.step() }
    try attack.checkStore()
    // Not all of it was refused: the verbs did their work, too.
    #expect(attack.succeeded > Self.calls / 3 && attack.refused > Self.calls / 20)
  }
}

/// Random calls and the picture of what they may have done.
private struct Attack {
  private struct Known {
    let owner: String
    var content: String
    var session: SessionID?
  }

  private let fixture: ServiceFixture
  private var generator: SeededGenerator
  private let users = ["ana", "ben", "cleo", "dora", "ana2"]
  private var memories: [MemoryID: Known] = [:]
  private var sessions: [SessionID: String] = [:]
  private var gone: [MemoryID] = []
  private(set) var succeeded = 0
  private(set) var refused = 0

  // Who is calling, for the step under way.
  private var user = "ana"
  private var caller = Caller.unbound(default: nil)
  private var named: UserID?

  init(seed: UInt64) throws {
    fixture = try ServiceFixture(rules: SessionRules(maximumPerUser: 4, timeout: 1e9))
    generator = SeededGenerator(seed: seed)
  }

  mutating func step() throws {
    user = pick(users)
    // Bound by identity, or unbound and naming itself.
    let isBound = Bool.random(using: &generator)
    caller = isBound ? .bound(UserID(stored: user)) : .unbound(default: nil)
    named = isBound && Bool.random(using: &generator) ? nil : UserID(stored: user)
    fixture.clock.advance(seconds: 0.001)
    if isBound, Int.random(in: 0..<12, using: &generator) == 0 { return try misname() }
    do {
      try call()
      succeeded += 1
    } catch let error as ServiceError {
      #expect([.notFound, .sessionExpired, .conflict].contains(error.code), "\(error)")
      refused += 1
    }
  }

  private mutating func call() throws {
    switch Int.random(in: 0..<21, using: &generator) {
    case 0, 1: try add()
    case 2: try update()
    case 3: try delete()
    case 4, 5: try search()
    case 6: try list()
    case 7: try get()
    case 8: try open()
    case 9: try changeSession()
    case 10: try readSession()
    case 11: try ask()
    case 12: try clearSession()
    case 13: try history()
    case 14: try addSeveral()
    case 15: try restore()
    case 16: try statistics()
    case 17: try bring()
    case 18: try export()
    case 19: try forget()
    default: try deleteSession()
    }
  }

  /// A bound caller who names anybody else finds nobody, whatever is asked and whether or not that
  /// user exists.
  private mutating func misname() throws {
    let (memory, session) = (anyMemory(), anySession() ?? .make())
    let other = UserID(stored: pick(users.filter { $0 != user } + ["nobody"]))
    let (services, caller) = (fixture, caller)
    let verbs: [() throws -> Any] = [
      { try services.memories.delete(memory, caller: caller, user: other) },
      { try services.memories.memories([memory], caller: caller, user: other) },
      { try services.memories.history(of: memory, caller: caller, user: other) },
      { try services.memories.update(memory, .init(type: "x"), caller: caller, user: other) },
      { try services.memories.clear(caller: caller, user: other, session: nil, types: nil) },
      { try services.memories.statistics(caller: caller, user: other, session: nil) },
      { try services.memories.list(caller: caller, user: other, session: nil, .init(limit: 9)) },
      {
        try services.memories.search(.init(query: "x"), caller: caller, user: other, session: nil)
      },
      {
        try services.memories.add(
          .init(content: "x"), caller: caller, user: other, session: session)
      },
      { try services.memories.forget(other, caller: caller) as Any },
      {
        try services.sessions.delete(session, withMemories: true, caller: caller, user: other)
          as Any
      },
      { try services.sessions.expire(session, caller: caller, user: other) },
      { try services.sessions.session(session, caller: caller, user: other) },
      { try services.sessions.create(caller: caller, user: other, name: nil, metadata: [:]) },
      { try services.questions.ask(.init(text: "x"), caller: caller, user: other, session: nil) },
    ]
    let error = #expect(throws: ServiceError.self) { _ = try pick(verbs)() }
    #expect(error?.code == .notFound)
    refused += 1
  }

  // MARK: Verbs

  private mutating func add() throws {
    let session = anySession()
    let target = Bool.random(using: &generator) ? anyMemory() : nil
    let supersedes = Int.random(in: 0..<8, using: &generator) == 0 ? target : nil
    let content = "\(user) keeps word\(Int.random(in: 0..<500, using: &generator))"
    let (memory, _) = try fixture.memories.add(
      .init(content: content, supersedes: supersedes), caller: caller, user: named,
      session: session)
    expectOwn(session)
    if let supersedes { expectOwn(supersedes) }
    check([memory])
    memories[memory.id] = Known(owner: user, content: content, session: session)
  }

  private mutating func addSeveral() throws {
    let items = (0..<3).map { number in
      (
        draft: MemoryService.Draft(
          content: "\(user) keeps several\(Int.random(in: 0..<500, using: &generator)) \(number)"),
        session: anySession()
      )
    }
    let added = try fixture.memories.addAll(items, caller: caller, user: named)
    for (item, (memory, _)) in zip(items, added) {
      expectOwn(item.session)
      check([memory])
      memories[memory.id] = Known(
        owner: user, content: memory.content, session: item.session)
    }
  }

  private mutating func restore() throws {
    let id = anyMemory()
    let memory = try fixture.memories.restore(id, version: 1, caller: caller, user: named)
    expectOwn(id)
    check([memory])
    memories[id]?.content = memory.content
  }

  private mutating func statistics() throws {
    let session = Bool.random(using: &generator) ? anySession() : nil
    let (scope, found) = try fixture.memories.statistics(
      caller: caller, user: named, session: session)
    expectOwn(session)
    #expect(scope.user.description == user)
    let own = memories.values.filter {
      $0.owner == user && (session == nil || $0.session == session)
    }
    #expect(found.total == own.count)
  }

  /// An import that names sessions and memories of anybody: what is there already stays as it is.
  private mutating func bring() throws {
    let (id, session) = (anyMemory(), anySession())
    let content = "\(user) brings word\(Int.random(in: 0..<500, using: &generator))"
    var line: JSONValue = [
      "kind": "memory", "memory_id": .string(id.description), "user_id": .string(user),
      "content": .string(content),
    ]
    if let session {
      line = .object(
        (line.object ?? [:]).merging(["session_id": .string(session.description)]) { $1 })
    }
    let record = try JSON.value(ImportedRecord.self, from: try JSON.data(line))
    let counts = try fixture.memories.importRecords([record], caller: caller)
    guard counts.memories == 1 else { return }
    #expect(memories[id] == nil)
    if let session, sessions[session] != nil { expectOwn(session) }
    memories[id] = Known(owner: user, content: content, session: session)
    gone.removeAll { $0 == id }
  }

  private mutating func export() throws {
    let own = UserID(stored: user)
    var found: [MemoryID] = []
    try fixture.memories.export(caller: caller, user: own) { record in
      switch record {
      case .session(let session): #expect(sessions[session.id] == user)
      case .memory(let memory, _):
        check([memory])
        found.append(memory.id)
      }
    }
    #expect(Set(found) == Set(memories.filter { $0.value.owner == user }.keys))
  }

  private mutating func forget() throws {
    guard Int.random(in: 0..<40, using: &generator) == 0 else { return }
    _ = try fixture.memories.forget(UserID(stored: user), caller: caller)
    for (id, known) in memories where known.owner == user { forget(id) }
    sessions = sessions.filter { $0.value != user }
  }

  private mutating func update() throws {
    let id = anyMemory()
    let content = "\(user) changed word\(Int.random(in: 0..<500, using: &generator))"
    let memory = try fixture.memories.update(
      id, .init(content: content), caller: caller, user: named)
    expectOwn(id)
    check([memory])
    memories[id]?.content = content
  }

  private mutating func delete() throws {
    let id = anyMemory()
    let isOwn = memories[id]?.owner == user
    #expect(try fixture.memories.delete(id, caller: caller, user: named) == isOwn)
    if isOwn { forget(id) }
  }

  private mutating func search() throws {
    let session = Bool.random(using: &generator) ? anySession() : nil
    let hits = try fixture.memories.search(
      .init(
        query: "\(pick(users)) keeps word\(Int.random(in: 0..<500, using: &generator))",
        strategy: pick(RetrievalStrategy.allCases), limit: 100),
      caller: caller, user: named, session: session
    ).hits
    expectOwn(session)
    check(hits.map(\.memory))
  }

  private mutating func list() throws {
    let session = Bool.random(using: &generator) ? anySession() : nil
    let page = try fixture.memories.list(
      caller: caller, user: named, session: session, .init(limit: 100))
    expectOwn(session)
    check(page.records)
    let own = memories.values.filter {
      $0.owner == user && (session == nil || $0.session == session)
    }
    #expect(page.total == own.count)
  }

  private mutating func get() throws {
    let ids = (0..<5).map { _ in anyMemory() }
    let (found, missing) = try fixture.memories.memories(ids, caller: caller, user: named)
    check(found)
    #expect(found.map(\.id) == ids.filter { memories[$0]?.owner == user })
    #expect(missing == ids.filter { memories[$0]?.owner != user })
  }

  private mutating func history() throws {
    let id = anyMemory()
    let versions = try fixture.memories.history(of: id, caller: caller, user: named)
    expectOwn(id)
    #expect(versions.allSatisfy { $0.content.hasPrefix(user + " ") || $0.content.hasPrefix("Q: ") })
  }

  private mutating func open() throws {
    let predecessor = Bool.random(using: &generator) ? anySession() : nil
    let opened = try fixture.sessions.create(
      caller: caller, user: named, name: "of \(user)", metadata: [:], continuing: predecessor)
    expectOwn(predecessor)
    #expect(opened.session.user.description == user)
    #expect(opened.expired.allSatisfy { sessions[$0] == user })
    sessions[opened.session.id] = user
  }

  private mutating func changeSession() throws {
    guard let id = anySession() else { return }
    if Bool.random(using: &generator) {
      let session = try fixture.sessions.update(
        id, name: "of \(user)", metadata: ["by": .string(user)], caller: caller, user: named)
      #expect(session.user.description == user)
    } else {
      let (session, _) = try fixture.sessions.expire(id, caller: caller, user: named)
      #expect(session.user.description == user)
    }
    expectOwn(id)
  }

  private mutating func readSession() throws {
    guard let id = anySession() else { return }
    let statistics = try fixture.sessions.statistics(id, caller: caller, user: named)
    expectOwn(id)
    #expect(statistics.session.user.description == user)
    let page = try fixture.sessions.list(
      caller: caller, user: named, includeExpired: true, limit: 100, cursor: nil)
    #expect(page.records.allSatisfy { sessions[$0.id] == user })
  }

  private mutating func ask() throws {
    let session = Bool.random(using: &generator) ? anySession() : nil
    let answer = try fixture.questions.ask(
      .init(text: "\(pick(users)) keeps word\(Int.random(in: 0..<500, using: &generator))"),
      caller: caller, user: named, session: session)
    expectOwn(session)
    for citation in answer.citations {
      expectOwn(citation.memory)
      #expect(citation.quote.hasPrefix(user + " "))
    }
    if let id = answer.memory, memories[id] == nil {
      let stored = try fixture.memories.memories([id], caller: caller, user: named).found[0]
      memories[id] = Known(owner: user, content: stored.content, session: session)
    }
  }

  private mutating func clearSession() throws {
    guard Int.random(in: 0..<6, using: &generator) == 0, let id = anySession() else { return }
    let deleted = try fixture.memories.clear(
      caller: caller, user: named, session: id, types: nil)
    expectOwn(id)
    let own = memories.filter { $0.value.session == id }
    #expect(deleted == own.count)
    for id in own.keys { forget(id) }
  }

  private mutating func deleteSession() throws {
    guard Int.random(in: 0..<3, using: &generator) == 0, let id = anySession() else { return }
    let isOwn = sessions[id] == user
    let deleted = try fixture.sessions.delete(
      id, withMemories: true, caller: caller, user: named)
    #expect((deleted != nil) == isOwn)
    guard isOwn else { return }
    let own = memories.filter { $0.value.session == id }
    #expect(deleted == own.count)
    for id in own.keys { forget(id) }
    sessions[id] = nil
  }

  // MARK: Looking

  /// The whole store, user by user, is the picture.
  func checkStore() throws {
    for user in users {
      var stored: [MemoryID: String] = [:]
      var cursor: PageCursor?
      repeat {
        let page = try fixture.memories.list(
          caller: .bound(UserID(stored: user)), user: nil, session: nil,
          .init(limit: 100, after: cursor))
        for memory in page.records { stored[memory.id] = memory.content }
        cursor = page.next
      } while cursor != nil
      let expected = memories.filter { $0.value.owner == user }.mapValues(\.content)
      #expect(stored == expected, "\(user)")
    }
    let total = try fixture.sessions.systemStatistics(caller: .unbound(default: nil)).counts
    #expect(total.memories == memories.count)
    #expect(total.activeSessions + total.expiredSessions == sessions.count)
  }

  private func check(_ found: [Memory]) {
    for memory in found {
      #expect(memory.user.description == user, "\(user) was shown \(memory)")
      #expect(memory.content.hasPrefix(user + " ") || memory.content.hasPrefix("Q: "))
      #expect(memories[memory.id].map { $0.owner == user } ?? true)
    }
  }

  private func expectOwn(_ id: MemoryID) {
    #expect(memories[id]?.owner == user, "\(user) got through with \(id)")
  }

  private func expectOwn(_ id: SessionID?) {
    guard let id else { return }
    #expect(sessions[id] == user, "\(user) got through with session \(id)")
  }

  private mutating func forget(_ id: MemoryID) {
    memories[id] = nil
    gone.append(id)
  }

  // MARK: Picking

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &generator)]
  }

  /// Of anybody, of nobody any more, or of nobody ever.
  private mutating func anyMemory() -> MemoryID {
    let known = memories.keys.sorted()
    switch Int.random(in: 0..<10, using: &generator) {
    case 0 where !gone.isEmpty: return pick(gone)
    case 1: return .make()
    case _ where known.isEmpty: return .make()
    case 2...5: return pick(known)
    default: return pick(known.filter { memories[$0]?.owner == user } + [known[0]])
    }
  }

  private mutating func anySession() -> SessionID? {
    let known = sessions.keys.sorted()
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: return .make()
    case 1...3 where !known.isEmpty: return pick(known)
    case 4...7:
      let own = known.filter { sessions[$0] == user }
      return own.isEmpty ? nil : pick(own)
    default: return nil
    }
  }
}
