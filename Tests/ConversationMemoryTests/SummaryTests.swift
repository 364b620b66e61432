import ConversationMemory
import Embeddings
import Records
import ServiceTestSupport
import Testing

@Suite struct SummaryTests {
  private static let subjects = [
    "The mortar of the chimney crumbles.", "The violin needs new strings.",
    "The kernel driver panics at boot.",
  ]

  @Test(arguments: [true, false])
  func `a summary quotes the session alone, in the order of time`(hasModel: Bool) throws {
    let fixture = try ServiceFixture(embedder: hasModel ? HashingEmbedder() : nil)
    let session = try fixture.open("ana").session.id
    let other = try fixture.open("ana").session.id
    var contents: [MemoryID: String] = [:]
    for number in 0..<30 {
      let text =
        "\(Self.subjects[number % 3]) Remark \(number)." + String(repeating: " x", count: 200)
      let memory = try fixture.add(
        text, user: "ana", session: session,
        occurredAt: fixture.clock.now.advanced(bySeconds: -60 * Double(number)))
      contents[memory.id] = text
    }
    _ = try fixture.add("Elsewhere.", user: "ana", session: other)
    let found = try fixture.memories.summary(
      of: session, caller: ServiceFixture.anyone, user: nil)
    #expect(found.total == 30 && found.timeline.count == 30)
    #expect((1...5).contains(found.extract.count))
    for lines in [found.extract, found.timeline] {
      #expect(lines.map(\.time) == lines.map(\.time).sorted())
      #expect(lines.allSatisfy { contents[$0.memory]?.hasPrefix($0.text) == true })
      #expect(lines.allSatisfy { $0.text.count <= 200 })
    }
    if hasModel {
      for subject in Self.subjects {
        #expect(found.extract.contains { $0.text.hasPrefix(subject) }, "a topic each")
      }
    }
  }

  @Test func `nobody's session has no summary`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ben").session.id
    let error = #expect(throws: ServiceError.self) {
      try fixture.memories.summary(
        of: session, caller: .bound(UserID(stored: "ana")), user: nil)
    }
    #expect(error?.code == .notFound)
  }
}
