import ConversationMemory
import Foundation
import Records
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct RelevanceTests {
  private let ana = UserID(stored: "ana")

  private func search(
    _ query: String, _ fixture: ServiceFixture, session: SessionID? = nil,
    strategy: RetrievalStrategy = .hybrid, limit: Int = 5, minimum: RelevanceThreshold = .none
  ) throws -> RetrievalResult {
    try fixture.memories.search(
      .init(query: query, strategy: strategy, limit: limit, minimumRelevance: minimum),
      caller: ServiceFixture.anyone, user: ana, session: session)
  }

  private static let words =
    "harbour crane violin bread kernel driver Tuesday parseRequest garden bicycle bridge tea"
    .split(separator: " ").map(String.init)

  private func sentence(_ random: inout SeededGenerator) -> String {
    let words = (0..<Int.random(in: 2...9, using: &random)).map { _ in
      Self.words.randomElement(using: &random) ?? ""
    }
    return words.joined(separator: " ") + (Bool.random(using: &random) ? "?" : ".")
  }

  @Test func `relevance is what the documented formula makes of the factors`() throws {
    var random = SeededGenerator(seed: 31)
    let fixture = try ServiceFixture()
    let weights = RelevanceWeights()
    let sessions = try (0..<3).map { _ in try fixture.open("ana").session.id }
    for number in 0..<150 {
      _ = try fixture.memories.add(
        .init(
          content: "\(number) " + sentence(&random),
          occurredAt: fixture.clock.now.advanced(bySeconds: -86_400 * Double(number)),
          importance: Double(number % 5) / 4),
        caller: ServiceFixture.anyone, user: ana,
        session: number % 4 == 3 ? nil : sessions[number % 4])
    }
    for strategy in RetrievalStrategy.allCases {
      for _ in 0..<20 {
        let query = sentence(&random) + " yesterday"
        let found = try search(query, fixture, strategy: strategy, limit: 40)
        #expect(!found.hits.isEmpty)
        for hit in found.hits {
          let factors = hit.factors
          let (meaning, words, conversation): (Double, Double, Double) =
            switch strategy {
            case .hybrid: (weights.semantic, weights.keyword, weights.conversation)
            case .semantic: (1, 0, 0)
            case .keyword: (0, 1, weights.conversation)
            }
          let said =
            (meaning * factors.semantic + words * factors.keyword)
            * (1 - weights.question * (1 - factors.statement))
          let base = min(1, (said + conversation * factors.conversation) / (1 + conversation))
          let gain =
            weights.recency * factors.recency + weights.importance * (2 * factors.importance - 1)
            + weights.session * factors.session + weights.time * factors.time
          #expect(abs(hit.relevance - min(1, base * (1 + gain))) < 1e-9)
        }
        #expect(found.hits.map(\.relevance) == found.hits.map(\.relevance).sorted(by: >))
      }
    }
  }

  @Test func `the same sentence added a hundred times is one hit, and another day is another`()
    throws
  {
    let fixture = try ServiceFixture()
    for number in 0..<100 {
      let end = ["", ".", "!", " ?"][number % 4]
      _ = try fixture.add(
        number % 2 == 0
          ? "The review is on Thursday at ten\(end)" : "the REVIEW is on thursday at ten",
        user: "ana", type: "note\(number)")
    }
    _ = try fixture.add("The review is on Friday at nine.", user: "ana")
    let found = try search("When is the review on Thursday?", fixture)
    #expect(found.hits.count == 2 && found.collapsed == 99)
    #expect(found.hits[0].memory.content.lowercased().contains("thursday"))
    #expect(found.hits[1].memory.content.contains("Friday"))
  }

  @Test func `an old exact answer is never pushed out by fresh chatter`() throws {
    let fixture = try ServiceFixture()
    let answer = try fixture.add(
      "The staging database password rotates every ninety days.", user: "ana",
      occurredAt: fixture.clock.now.advanced(bySeconds: -5 * 365 * 86_400))
    for number in 0..<300 {
      _ = try fixture.memories.add(
        .init(content: "Chatter \(number) about the database and the staging.", importance: 1),
        caller: ServiceFixture.anyone, user: ana, session: nil)
    }
    let found = try search("How often does the staging database password rotate?", fixture)
    #expect(found.hits.first?.memory.id == answer.id)
  }

  @Test func `an answer is found by the question before it, which itself stands behind it`() throws
  {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    let other = try fixture.open("ana").session.id
    let asked = try fixture.add(
      "Which wine goes with the roasted mushrooms?", user: "ana", session: session)
    let answer = try fixture.add("A young Barbera, slightly cool.", user: "ana", session: session)
    for number in 0..<40 {
      _ = try fixture.add("Weather report \(number): rain.", user: "ana", session: other)
    }
    let found = try search("wine with roasted mushrooms", fixture)
    #expect(Set(found.hits.prefix(2).map(\.memory.id)) == [asked.id, answer.id])
    #expect(found.hits.first { $0.memory.id == asked.id }?.factors.statement == 0)
    // Across the border of a session nothing counts together.
    let alone = try ServiceFixture()
    _ = try alone.add("Which wine goes with the roasted mushrooms?", user: "ana")
    _ = try alone.add("A young Barbera, slightly cool.", user: "ana")
    let words = try search("roasted mushrooms", alone, strategy: .keyword)
    #expect(words.hits.count == 1)
  }

  @Test func `a time that the query names is favoured`() throws {
    let fixture = try ServiceFixture()
    let rows = ["one", "six", "two", "ten", "few"]
    for (month, number) in zip(3...7, rows) {
      _ = try fixture.add(
        "Planted \(number) rows of beans in the garden.", user: "ana",
        occurredAt: Timestamp("2023-0\(month)-15"))
    }
    let found = try search(
      "Which beans did I plant in the garden in May 2023?", fixture, strategy: .keyword)
    #expect(found.hits.first?.memory.occurredAt == Timestamp("2023-05-15"))
    #expect(found.hits.first?.factors.time == 1)
  }

  @Test func `auto is refused where nobody has measured, and by word leaves out nothing`() throws {
    let fixture = try ServiceFixture()
    for number in 0..<50 {
      _ = try fixture.add("Entry \(number): the harbour crane was repaired.", user: "ana")
    }
    let found = try search(
      "When was the harbour crane repaired?", fixture, strategy: .keyword, minimum: .automatic)
    #expect(found.hits.count == 5 && found.belowRelevance == 0)
    for strategy in [RetrievalStrategy.semantic, .hybrid] {
      let error = #expect(throws: ServiceError.self) {
        try search("harbour", fixture, strategy: strategy, minimum: .automatic)
      }
      #expect(error?.code == .invalidArgument && error?.field == "min_relevance")
    }
  }

  @Test func `an earlier answer weighs less than what it rests on`() throws {
    let fixture = try ServiceFixture()
    let first = try fixture.add("Bridge: opened in 1894.", user: "ana", type: "fact")
    _ = try fixture.memories.add(
      .init(content: "The bridge opened in 1894.", metadata: ["generated": true]),
      caller: ServiceFixture.anyone, user: ana, session: nil)
    let found = try search("When was the bridge opened?", fixture)
    #expect(found.hits.first?.memory.id == first.id)
  }

  @Test func `what others say changes no relevance`() throws {
    var random = SeededGenerator(seed: 5)
    let alone = try ServiceFixture()
    let crowded = try ServiceFixture()
    let sessions = try [alone, crowded].map { try $0.open("ana").session.id }
    let foreign = try crowded.open("ben").session.id
    for _ in 0..<60 {
      let text = sentence(&random)
      for (fixture, session) in zip([alone, crowded], sessions) {
        _ = try fixture.add(text, user: "ana", session: session, occurredAt: fixture.clock.now)
      }
      _ = try crowded.add(sentence(&random), user: "ben", session: foreign)
    }
    for strategy in RetrievalStrategy.allCases {
      let query = sentence(&random)
      let results = try [alone, crowded].map { try search(query, $0, strategy: strategy) }
      #expect(results[0].hits.map(\.relevance) == results[1].hits.map(\.relevance))
      #expect(results[0].hits.map(\.memory.content) == results[1].hits.map(\.memory.content))
    }
  }

  @Test func `signs that say something keep sentences apart`() throws {
    let fixture = try ServiceFixture()
    let texts = [
      "I use C++", "I use C#", "I use C", "It costs $100", "It costs €100", "-5 degrees",
      "5 degrees",
      "x == 1", "x != 1", "lunch 👍", "lunch 👎",
    ]
    for text in texts { _ = try fixture.add(text, user: "ana") }
    let found = try search("what do I use and what does it cost", fixture, limit: 50)
    #expect(found.hits.count == texts.count && found.collapsed == 0)
  }

  @Test func `what is said a thousand times does not hide the rest`() throws {
    let fixture = try ServiceFixture()
    for number in 0..<1_000 {
      _ = try fixture.add(
        "Build succeeded.", user: "ana",
        occurredAt: fixture.clock.now.advanced(bySeconds: -60 * Double(number)))
    }
    let others = ["Build failed.", "A build was cancelled.", "No build today.", "Which build?"]
    for text in others { _ = try fixture.add(text, user: "ana") }
    for strategy in RetrievalStrategy.allCases {
      let found = try search("build succeeded", fixture, strategy: strategy)
      #expect(found.hits.count == 5 && found.collapsed > 0)
    }
  }

  @Test func `the gate looks at what a memory is about, and takes no place from those that pass`()
    throws
  {
    let fixture = try ServiceFixture()
    for number in 0..<12 {
      _ = try fixture.memories.add(
        .init(
          content: "Crane \(number) " + String(repeating: "and more of it ", count: number),
          occurredAt: fixture.clock.now.advanced(bySeconds: -86_400 * Double(100 - 9 * number)),
          importance: number > 5 ? 1 : 0),
        caller: ServiceFixture.anyone, user: ana, session: nil)
    }
    let all = try search("crane and more", fixture, limit: 12)
    #expect(all.hits.count == 12)
    func base(_ hit: Hit) -> Double {
      let factors = hit.factors
      let gain =
        0.05 * factors.recency + 0.1 * (2 * factors.importance - 1) + 0.05 * factors.session
      return hit.relevance / (1 + gain)
    }
    let bases = all.hits.map(base).sorted(by: >)
    for passing in [1, 4, 7] {
      let minimum = (bases[passing - 1] + bases[passing]) / 2
      let found = try search("crane and more", fixture, limit: 12, minimum: .value(minimum))
      #expect(found.hits.count == passing && found.belowRelevance == 12 - passing)
      #expect(found.hits.allSatisfy { base($0) >= minimum })
      let few = try search("crane and more", fixture, limit: 1, minimum: .value(minimum))
      #expect(few.hits.count == 1 && few.belowRelevance == 0)
    }
  }
}
