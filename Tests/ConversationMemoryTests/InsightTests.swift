import ConversationMemory
import Records
import ServiceTestSupport
import Testing

@Suite struct InsightTests {
  private let ana = UserID(stored: "ana")

  private func insights(
    _ fixture: ServiceFixture, since: Timestamp? = nil, until: Timestamp? = nil
  ) throws -> MemoryInsights {
    try fixture.memories.insights(
      caller: ServiceFixture.anyone, user: ana, since: since, until: until)
  }

  private static let subjects = [
    "sourdough bread and its starter", "kernel panic in the driver", "violin lessons on Tuesday",
  ]

  private func fill(_ fixture: ServiceFixture) throws {
    for number in 0..<60 {
      let subject = Self.subjects[number % 3]
      _ = try fixture.add(
        "Note \(number): more about \(subject), \(subject).", user: "ana",
        occurredAt: Timestamp("2026-0\(1 + number % 3)-1\(number % 7)"))
    }
  }

  @Test func `topics part what is about different things, and name it`() throws {
    let fixture = try ServiceFixture()
    try fill(fixture)
    _ = try fixture.add("Ben's violin, Ben's violin.", user: "ben")
    let found = try insights(fixture)
    #expect(found.total == 60 && found.grouped == 60)
    #expect(found.topics.reduce(0) { $0 + $1.count } == 60)
    for topic in found.topics {
      let subjects = Self.subjects.filter { subject in
        topic.memories.contains { $0.content.contains(subject) }
      }
      #expect(subjects.count == 1, "typical memories are about one thing")
      #expect(topic.terms.contains { subjects[0].contains($0) })
      #expect(topic.memories.allSatisfy { $0.user == ana })
    }
    #expect(try insights(fixture) == found)
    for subject in Self.subjects {
      #expect(
        found.topics.contains { $0.terms.first.map { subject.contains($0) } == true },
        "\(subject) has no topic")
    }
  }

  @Test func `activity counts every memory once, in periods that fit the time`() throws {
    let fixture = try ServiceFixture()
    try fill(fixture)
    let weeks = try insights(fixture)
    #expect(weeks.period == .week && weeks.activity.reduce(0) { $0 + $1.count } == 60)
    // 2026-01-12 is a Monday.
    #expect(weeks.activity.map(\.name).contains("2026-01-12"))
    #expect(weeks.activity.map(\.name) == weeks.activity.map(\.name).sorted())
    let january = try insights(
      fixture, since: Timestamp("2026-01-01"), until: Timestamp("2026-01-31"))
    #expect(january.period == .day && january.total == 20)
    #expect(january.activity.reduce(0) { $0 + $1.count } == 20)
    #expect(january.topics.reduce(0) { $0 + $1.count } == 20)
  }

  @Test func `nothing remembered gives nothing, and a time that ends before it begins is refused`()
    throws
  {
    let fixture = try ServiceFixture()
    let none = try insights(fixture)
    #expect(none.total == 0 && none.topics.isEmpty && none.activity.isEmpty)
    let error = #expect(throws: ServiceError.self) {
      try insights(fixture, since: Timestamp("2026-02-01"), until: Timestamp("2026-01-01"))
    }
    #expect(error?.code == .invalidArgument && error?.field == "since")
  }

  @Test func `without a model there is activity but no topic`() throws {
    let fixture = try ServiceFixture(embedder: nil)
    try fill(fixture)
    let found = try insights(fixture)
    #expect(found.total == 60 && found.topics.isEmpty && !found.activity.isEmpty)
  }
}
