import ConversationMemory
import Evaluation
import Records
import ServiceTestSupport
import Testing

/// The whole way over a store: what is stored, asked and scored.
@Suite struct EvaluatorTests {
  private static let user = UserID(stored: "ana")

  /// Sessions of one user, given by the contents of their memories; an empty name is no session.
  private struct Corpus {
    var records: [ImportedRecord] = []
    var ids: [String: MemoryID] = [:]
    var sessions: [SessionID] = []

    init(_ contents: [[String]], loose: [String] = []) {
      for texts in contents {
        let session = SessionID.make()
        sessions.append(session)
        records.append(
          .session(
            ImportedSession(id: session, user: EvaluatorTests.user, name: "s", createdAt: nil)))
        for text in texts { add(text, session) }
      }
      for text in loose { add(text, nil) }
    }

    private mutating func add(_ text: String, _ session: SessionID?) {
      let id = MemoryID.make()
      ids[text] = id
      records.append(
        .memory(
          ImportedMemory(
            id: id, user: EvaluatorTests.user, session: session, content: text, createdAt: nil)))
    }

    func question(
      _ text: String, _ evidence: [String], _ category: String = "fact", session: Int? = nil
    ) -> LabelledQuestion {
      LabelledQuestion(
        user: EvaluatorTests.user, text: text, evidence: evidence.compactMap { ids[$0] },
        category: category, session: session.map { sessions[$0] })
    }
  }

  private func run(
    _ corpus: Corpus, _ questions: [LabelledQuestion], overall: Set<String>? = nil,
    _ change: (inout EvaluationOptions) -> Void = { _ in }
  ) throws -> EvaluationReport {
    var options = EvaluationOptions()
    options.strategies = [.keyword]
    change(&options)
    let dataset = try LabelledDataset(
      records: corpus.records, questions: questions, overallCategories: overall)
    let fixture = try ServiceFixture()
    // The fixture's directory goes when the fixture does.
    return try withExtendedLifetime(fixture) {
      try RetrievalEvaluator(dataset, options).run(in: fixture.memories)
    }
  }

  private static let walnut = "walnut oil, walnut oil"
  private static let table = "the table needs walnut oil"
  private static let corpus = Corpus(
    [[table, "rain again"], [walnut, "no"]], loose: ["a walnut"])

  @Test func `the best match counts first, and equal texts are kept apart`() throws {
    let corpus = Corpus([["red door", "red door"], ["blue door"]])
    let report = try run(corpus, [corpus.question("blue", ["blue door"])])
    #expect(report.memories == 3 && report.sessions == 2)
    #expect(report.results[0].overall.recall[1] == 1)
    #expect(report.results[0].overall.meanReciprocalRank == 1)
  }

  @Test func `a question asked in a session is ranked within it`() throws {
    let corpus = Self.corpus
    let wide = try run(corpus, [corpus.question("walnut oil", [Self.table])])
    #expect(wide.results[0].overall.recall[1] == 0)
    let narrow = try run(corpus, [corpus.question("walnut oil", [Self.table], session: 0)])
    #expect(narrow.results[0].overall.recall[1] == 1)
  }

  @Test func `sessions are ranked by their best memory, and what has none is left out`() throws {
    let corpus = Self.corpus
    let questions = [
      corpus.question("walnut oil", ["no"]),
      corpus.question("walnut oil", [Self.table], session: 0),
      corpus.question("walnut", ["a walnut"]),
    ]
    let report = try run(corpus, questions) { $0.unit = .session }
    // The third rests on a memory of no session: by session there is nothing to find.
    #expect(report.questions == 2)
    // The second session holds the best memory; the other comes after it although the question was
    // asked inside.
    #expect(report.results[0].overall.recall == [1: 0.5, 5: 1, 10: 1, 20: 1])
  }

  @Test func `questions without evidence and categories outside the overall do not count`() throws {
    let corpus = Self.corpus
    let questions = [
      corpus.question("walnut oil", [Self.walnut], "fact"),
      corpus.question("walnut oil", ["rain again"], "trick"), corpus.question("rain", [], "fact"),
    ]
    let report = try run(corpus, questions, overall: ["fact"])
    #expect(report.questions == 1 && report.results[0].overall.recall[1] == 1)
    #expect(report.results[0].categories.mapValues(\.questions) == ["fact": 1, "trick": 1])
    #expect(report.results[0].categories["trick"]?.recall[20] == 0)
    #expect(throws: ServiceError.self) {
      try run(corpus, [corpus.question("rain", [])])
    }
  }

  @Test func `every strategy is measured on the same store, in the order asked`() throws {
    let corpus = Self.corpus
    let report = try run(corpus, [corpus.question("walnut oil", [Self.walnut])]) {
      $0.strategies = [.semantic, .keyword, .hybrid]
    }
    #expect(report.results.map(\.strategy) == [.semantic, .keyword, .hybrid])
    let json = try JSON.value(JSONValue.self, from: try JSON.data(report))
    #expect(
      json["strategy"] == "semantic"
        && json["overall"] == json["strategies"]?["semantic"]?["overall"])
    #expect(report.markdown.contains("| overall, %") && report.markdown.contains("semantic"))
    let rows = report.markdown.split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(Set(rows.prefix(9).map(\.count)).count == 1, "columns are as wide as their cells")
  }

  @Test func `hits below the minimum are not found`() throws {
    let corpus = Self.corpus
    let question = corpus.question("walnut oil", ["a walnut"])
    #expect(try run(corpus, [question]).results[0].overall.recall[20] == 1)
    let both = try run(corpus, [question]) {
      $0.minimumRelevances = [0.99, 0.0]
      $0.strategies = [.keyword, .semantic]
    }
    #expect(both.results.map(\.minimumRelevance) == [0.99, 0.99, 0.0, 0.0])
    #expect(both.results.map(\.strategy) == [.keyword, .semantic, .keyword, .semantic])
    #expect(both.results.map(\.overall.recall[20]) == [0, 0, 1, 1])
    let json = try JSON.value(JSONValue.self, from: try JSON.data(both))
    #expect(json["configurations"]?.array?.count == 4)
    #expect(json["configurations"]?.array?[2]["min_relevance"] == 0)
    #expect(both.markdown.contains("keyword ≥ 0.99") && both.markdown.contains("semantic ≥ 0.0"))
  }

  @Test func `rankings go beyond a page, agree with searches, touch nothing, need a model`() throws
  {
    let fixture = try ServiceFixture()
    for number in 0..<130 { _ = try fixture.add("note \(number)", user: "ana") }
    let ranked = try fixture.memories.rank(
      [.init(query: "note 7", user: Self.user, session: nil, count: 130)],
      by: [.init(.hybrid), .init(.keyword)], caller: ServiceFixture.anyone)[0]
    #expect(ranked.map(\.count) == [130, 130])
    let found = try fixture.memories.search(
      .init(query: "note 7", limit: 100), caller: ServiceFixture.anyone, user: Self.user,
      session: nil)
    #expect(found.hits.map(\.memory.id) == Array(ranked[0].prefix(100)))
    let bare = try ServiceFixture(embedder: nil)
    let error = #expect(throws: ServiceError.self) {
      try bare.memories.rank(
        [.init(query: "note", user: Self.user, session: nil, count: 5)], by: [.init(.hybrid)],
        caller: ServiceFixture.anyone)
    }
    #expect(error?.code == .unavailable)
  }

  @Test func `joined sessions are one memory each, which holds their evidence`() throws {
    let corpus = Corpus([["apple one", "apple two"], ["pear one", "pear two"], ["plum one"]])
    let questions = [
      corpus.question("apple", ["apple one", "apple two"]), corpus.question("pear", ["pear two"]),
      corpus.question("plum", ["plum one"]),
    ]
    let dataset = try LabelledDataset(records: corpus.records, questions: questions)
    for (interval, count) in [(1, 3), (2, 4), (3, 4)] {
      let joined = try dataset.joiningSessions(every: interval)
      let contents = joined.records.compactMap { record in
        if case .memory(let memory) = record { memory.content } else { nil }
      }
      #expect(contents.count == count && contents.contains("apple one\napple two"))
      #expect(contents.contains("pear two") == (interval > 1))
      #expect(joined.questions[0].evidence.count == 1)
      let fixture = try ServiceFixture()
      var options = EvaluationOptions()
      options.strategies = [.keyword]
      let report = try withExtendedLifetime(fixture) {
        try RetrievalEvaluator(joined, options).run(in: fixture.memories)
      }
      #expect(report.results[0].overall.recall[5] == 1)
    }
    #expect(throws: ServiceError.self) { try dataset.joiningSessions(every: 0) }
  }

  @Test func `a joined memory has type, time and metadata of its first turn`() throws {
    let lines = """
      {"kind":"session","session_id":"3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e11","user_id":"ana"}
      {"kind":"memory","memory_id":"3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e12","user_id":"ana",\
      "session_id":"3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e11","content":"one","memory_type":"note",\
      "occurred_at":"2026-03-01T10:00:00Z","metadata":{"topic":"tea"}}
      {"kind":"memory","memory_id":"3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e13","user_id":"ana",\
      "session_id":"3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e11","content":"two","memory_type":"fact"}
      """
    let records = try lines.split(separator: "\n").map {
      try JSON.value(ImportedRecord.self, from: String($0))
    }
    let joined = try LabelledDataset(records: records, questions: []).joiningSessions(every: 1)
    guard case .memory(let memory) = try #require(joined.records.last) else {
      Issue.record("the sessions of the dataset stand before its memories")
      return
    }
    #expect(memory.content == "one\ntwo" && memory.type == "note")
    #expect(memory.occurredAt == Timestamp("2026-03-01T10:00:00Z"))
    #expect(memory.metadata == ["topic": "tea"])
  }

  @Test func `weights are compared side by side under their names`() throws {
    let corpus = Corpus([["green tea", "blue door", "tea tea tea"]])
    let report = try run(corpus, [corpus.question("green tea", ["green tea"])]) { options in
      options.strategies = [.hybrid, .keyword]
      options.variations = [
        .init(name: "words", weights: .init(semantic: 0, keyword: 1)),
        .init(name: "meaning", weights: .init(semantic: 1, keyword: 0)),
      ]
    }
    #expect(
      report.results.map(\.name)
        == ["hybrid words", "hybrid meaning", "keyword words", "keyword meaning"])
    #expect(report.markdown.contains("hybrid meaning"))
  }
}
