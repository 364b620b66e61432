import ConversationMemory
import Embeddings
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

  @Test func `an answer is found by the question before it, inside its session`() throws {
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
    // Without a model there are words alone. Across the border of a session nothing counts together.
    for joined in [true, false] {
      let alone = try ServiceFixture(embedder: nil)
      let sessions = try (0..<2).map { _ in try alone.open("ana").session.id }
      for (position, text) in [asked.content, answer.content].enumerated() {
        _ = try alone.add(text, user: "ana", session: sessions[joined ? 0 : position])
      }
      #expect(try search("roasted mushrooms", alone).hits.count == (joined ? 2 : 1))
      #expect(try search("roasted mushrooms", alone, strategy: .keyword).hits.count == 1)
    }
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

  /// The embedder of the tests under the name of the one whose cuts are known.
  private struct Measured: Embedder {
    let inner = HashingEmbedder()
    var model: EmbeddingModel {
      EmbeddingModel(
        name: "all-MiniLM-L6-v2", dimension: inner.model.dimension,
        maximumTokens: inner.model.maximumTokens)
    }
    func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] { try inner.embed(texts) }
    func passages(of text: String) -> [Passage] { inner.passages(of: text) }
  }

  @Test func `auto shows all or nothing, by the best of meaning and of words`() throws {
    var random = SeededGenerator(seed: 3)
    let fixture = try ServiceFixture(embedder: Measured())
    for number in 0..<60 { _ = try fixture.add("\(number) \(sentence(&random))", user: "ana") }
    let other = "zinc quartz oxide plasma fjord jazz glyph vex nymph".split(separator: " ")
    var emptied = 0
    for round in 0..<120 {
      let words = sentence(&random).split(separator: " ").prefix(round % 4)
      let query = (words + other.shuffled(using: &random).prefix(4)).joined(separator: " ")
      for (strategy, share, cut) in [
        (RetrievalStrategy.hybrid, 0.7, 0.21), (.semantic, 1, 0.24),
      ] {
        let all = try search(query, fixture, strategy: strategy, limit: 100)
        let meaning = all.hits.compactMap(\.similarity).max() ?? 0
        let spelled = all.hits.map(\.factors.keyword).max() ?? 0
        let evidence = share * meaning + (1 - share) * spelled
        guard abs(evidence - cut) > 1e-6 else { continue }
        let found = try search(query, fixture, strategy: strategy, limit: 7, minimum: .automatic)
        #expect(found.hits.count == (evidence > cut ? 7 : 0))
        #expect(found.belowRelevance == (evidence > cut ? 0 : 7))
        emptied += found.hits.isEmpty ? 1 : 0
      }
    }
    #expect(emptied > 10 && emptied < 230)
  }

  @Test func `a query that names whom nobody speaks of has to show more`() throws {
    var random = SeededGenerator(seed: 4)
    let fixture = try ServiceFixture(embedder: Measured())
    for number in 0..<60 {
      _ = try fixture.memories.add(
        .init(
          content: "\(number) \(sentence(&random))\(number % 6 == 0 ? " says Omar" : "")",
          metadata: ["speaker": number % 2 == 0 ? "Lena M." : "Priya"]),
        caller: ServiceFixture.anyone, user: ana, session: nil)
    }
    var seen: [String: (emptied: Int, shown: Int)] = [:]
    for round in 0..<160 {
      let words = sentence(&random).split(separator: " ").prefix(1 + round % 3).joined(
        separator: " ")
      for name in ["Zorblax", "Omar", "Lena", "Ana", "zorblax"] {
        let query = "zinc \(words) with \(name) of quartz"
        let all = try search(query, fixture, limit: 100)
        let evidence =
          0.7 * (all.hits.compactMap(\.similarity).max() ?? 0)
          + 0.3 * (all.hits.map(\.factors.keyword).max() ?? 0)
        guard evidence > 0.21 + 1e-6, abs(evidence - 0.36) > 1e-6 else { continue }
        let found = try search(query, fixture, limit: 7, minimum: .automatic)
        #expect(found.hits.isEmpty == (name == "Zorblax" && evidence < 0.36))
        if found.hits.isEmpty { seen[name, default: (0, 0)].emptied += 1 }
        if evidence < 0.36, !found.hits.isEmpty { seen[name, default: (0, 0)].shown += 1 }
      }
    }
    #expect((seen["Zorblax"]?.emptied ?? 0) > 5)
    for name in ["Omar", "Lena", "Ana", "zorblax"] { #expect((seen[name]?.shown ?? 0) > 5) }
  }

  @Test func `auto is refused where nobody has measured`() throws {
    let fixture = try ServiceFixture()
    _ = try fixture.add("The harbour crane was repaired.", user: "ana")
    let without = try ServiceFixture(embedder: nil)
    for (fixture, strategy) in [
      (fixture, RetrievalStrategy.semantic), (fixture, .hybrid), (fixture, .keyword),
      (without, .hybrid),
    ] {
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

  @Test func `meaning counts the better neighbour of the session, and what is usual without one`()
    throws
  {
    var random = SeededGenerator(seed: 77)
    let fixture = try ServiceFixture()
    let sessions = try (0..<3).map { _ in try fixture.open("ana").session.id }
    var order: [SessionID?: [MemoryID]] = [:]
    var contents: [MemoryID: String] = [:]
    for number in 0..<60 {
      let session = number % 4 == 3 ? nil : sessions[number % 4]
      let memory = try fixture.add("\(number) \(sentence(&random))", user: "ana", session: session)
      order[session, default: []].append(memory.id)
      contents[memory.id] = memory.content
    }
    let query = "harbour bridge and tea"
    func vector(_ text: String) throws -> [Float] {
      try #require(try fixture.embedding.embed([text])?.values.first)
    }
    let asked = try vector(query)
    let cosines = try contents.mapValues { content in
      max(0, zip(asked, try vector(content)).reduce(0) { $0 + Double($1.0 * $1.1) })
    }
    let found = try search(query, fixture, strategy: .semantic, limit: 60)
    #expect(found.hits.count == 60)
    for hit in found.hits {
      let own = try #require(cosines[hit.memory.id])
      var beside = 0.7 * own
      if let session = hit.memory.session {
        let turns = order[session] ?? []
        let place = try #require(turns.firstIndex(of: hit.memory.id))
        beside =
          [place - 1, place + 1].filter(turns.indices.contains)
          .compactMap { cosines[turns[$0]] }.max() ?? 0
      }
      #expect(abs(hit.factors.semantic - (own + 0.3 * beside) / 1.3) < 1e-5)
    }
  }

  @Test func `what is found by meaning has its score by word, however many match better`() throws {
    let fixture = try ServiceFixture()
    for number in 0..<300 {
      _ = try fixture.add("crane", user: "ana", type: "filler\(number)")
    }
    // Spelled like the query, which is what the embedder of tests goes by, but of other words.
    let text = "crane harbourx repairx schedulex"
    _ = try fixture.add(text, user: "ana", type: "near")
    let query = "crane harbour repair schedule"
    let alone = try fixture.memories.search(
      .init(query: query, strategy: .keyword, filter: MemoryFilter(types: ["near"])),
      caller: ServiceFixture.anyone, user: ana, session: nil)
    let found = try search(query, fixture)
    let hit = try #require(found.hits.first { $0.memory.type == "near" })
    #expect(hit.factors.keyword > 0)
    #expect(hit.factors.keyword == alone.hits.first?.factors.keyword)
  }

  @Test func `of equal texts the one that weighs most is shown, however many there are`() throws {
    let fixture = try ServiceFixture()
    for number in 0..<100 {
      _ = try fixture.memories.add(
        .init(
          content: "Deploy on Monday.",
          occurredAt: fixture.clock.now.advanced(bySeconds: Double(number)),
          importance: number == 0 ? 1 : 0.5),
        caller: ServiceFixture.anyone, user: ana, session: nil)
    }
    let found = try search("deploy on Monday", fixture)
    #expect(found.hits.count == 1 && found.hits[0].memory.importance == 1)
  }
}
