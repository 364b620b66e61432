import ConversationMemory
import Foundation
import Records
import ServiceTestSupport
import Testing

@Suite struct ExportTests {
  private let anyone = ServiceFixture.anyone

  private func lines(_ fixture: ServiceFixture) throws -> [String] {
    var lines: [String] = []
    try fixture.memories.export(caller: anyone, user: nil) { lines.append(try JSON.text($0)) }
    return lines
  }

  private func store(_ lines: [String], in fixture: ServiceFixture) throws -> ImportCounts {
    try fixture.memories.importRecords(
      try lines.map { try JSON.value(ImportedRecord.self, from: $0) }, caller: anyone)
  }

  @Test func `memories of a deleted session, versions and successors survive the round trip`()
    throws
  {
    let first = try ServiceFixture()
    let gone = try first.open("ana").session.id
    let kept = try first.add("bees", user: "ana", session: gone)
    _ = try first.memories.update(kept.id, .init(content: "wasps"), caller: anyone, user: nil)
    _ = try first.sessions.delete(gone, withMemories: false, caller: anyone, user: nil)
    _ = try first.memories.add(
      .init(content: "hornets", supersedes: kept.id), caller: anyone,
      user: UserID(stored: "ana"), session: nil)
    _ = try first.add("tea", user: "ben", session: try first.open("ben").session.id)
    let exported = try lines(first)
    let second = try ServiceFixture(clock: first.clock)
    #expect(try store(exported, in: second).memories == 3)
    #expect(try lines(second) == exported)
    #expect(
      try second.contents("bees wasps hornets", user: "ana", strategy: .keyword) == ["hornets"])
    #expect(
      try second.memories.history(of: kept.id, caller: anyone, user: nil).map(\.content) == ["bees"]
    )
  }

  @Test func `an id that two users claim joins nothing of theirs`() throws {
    let fixture = try ServiceFixture()
    let session = SessionID.make()
    func memory(_ user: String) -> String {
      #"{"kind":"memory","user_id":"\#(user)","session_id":"\#(session)","content":"of \#(user)"}"#
    }
    #expect(try store([memory("ana")], in: fixture).memories == 1)
    let claim = #"{"kind":"session","user_id":"ben","session_id":"\#(session)"}"#
    #expect(try store([claim, memory("ben")], in: fixture).memories == 1)
    let statistics = try fixture.sessions.statistics(session, caller: anyone, user: nil)
    #expect(statistics.session.memoryCount == 1 && statistics.memoriesByType == ["conversation": 1])
    #expect(try fixture.contents("of", user: "ben", session: session) == ["of ben"])
    let error = #expect(throws: ServiceError.self) { try store([memory("ana")], in: fixture) }
    #expect(error?.code == .notFound)
    #expect(
      try fixture.sessions.delete(session, withMemories: true, caller: anyone, user: nil) == 1)
    #expect(try fixture.contents("of ana", user: "ana") == ["of ana"])
  }
}
