import ConversationMemory
import EmbeddedBackend
import Embeddings
import RAG
import Records
import Retrieval
import ServiceTestSupport
import Synchronization
import Testing

/// Memories that are longer than the embedder reads.
@Suite struct LongMemoryTests {
  private let ana = UserID(stored: "ana")
  private let embedder = CountingEmbedder(maximumTokens: 20)

  /// A long text with a sentence of its own in the middle.
  private func long(_ sentence: String, filler: String = "filler") -> String {
    let words = (0..<120).map { "\(filler)\($0)" }
    return (words.prefix(60) + [sentence] + words.suffix(60)).joined(separator: " ")
  }

  private func search(
    _ fixture: ServiceFixture, _ query: String, _ strategy: RetrievalStrategy = .semantic,
    limit: Int = 10
  ) throws -> [Hit] {
    try fixture.memories.search(
      .init(query: query, strategy: strategy, limit: limit), caller: ServiceFixture.anyone,
      user: ana, session: nil
    ).hits
  }

  private func text(_ hit: Hit) throws -> String {
    let span = try #require(hit.span)
    let scalars = Array(hit.memory.content.unicodeScalars)
    var slice = String.UnicodeScalarView()
    slice.append(contentsOf: scalars[span.start..<span.end])
    return String(slice)
  }

  @Test func `a long memory is found by what stands deep inside it, as one hit with its span`()
    throws
  {
    let fixture = try ServiceFixture(embedder: embedder)
    let memory = try fixture.add(
      long("the ferry leaves Trondheim harbour on Tuesday"), user: "ana")
    for number in 0..<30 { _ = try fixture.add("short note number \(number)", user: "ana") }
    for strategy in [RetrievalStrategy.semantic, .hybrid] {
      let hits = try search(fixture, "ferry leaves Trondheim harbour", strategy, limit: 100)
      #expect(hits.first?.memory.id == memory.id)
      #expect(hits.filter { $0.memory.id == memory.id }.count == 1)
      #expect(Set(hits.map(\.memory.id)).count == 31, "all memories, each once")
      #expect(try text(hits[0]).contains("Trondheim harbour"))
    }
  }

  @Test func `by words alone the span of a long memory holds most of them`() throws {
    let fixture = try ServiceFixture(embedder: nil)
    _ = try fixture.add(
      (0..<400).map { "padding\($0)" }.joined(separator: " ")
        + " the ferry leaves Trondheim harbour on Tuesday "
        + (400..<800).map { "padding\($0)" }.joined(separator: " "), user: "ana")
    let hit = try #require(try search(fixture, "ferry Trondheim", .keyword).first)
    #expect(try text(hit).contains("Trondheim"))
    let excerpt = hit.memory.excerpt(300, around: hit.span)
    #expect(excerpt.content.unicodeScalars.count == 300 && excerpt.truncated == true)
    #expect(excerpt.contentCharacters == hit.memory.content.unicodeScalars.count)
    let start = try #require(excerpt.contentStart)
    #expect(
      Array(hit.memory.content.unicodeScalars)[start..<start + 300].elementsEqual(
        excerpt.content.unicodeScalars))
    let whole = hit.memory.excerpt(600, around: hit.span)
    #expect(whole.content.contains("Trondheim"))
  }

  @Test func `changing or deleting a long memory takes every passage out of the index`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    let memory = try fixture.add(long("zebra crossing", filler: "first"), user: "ana")
    #expect(try text(try search(fixture, "zebra crossing")[0]).contains("zebra"))
    _ = try fixture.memories.update(
      memory.id, .init(content: "short now"), caller: ServiceFixture.anyone, user: nil)
    let after = try search(fixture, "first17 first18 first19 first20")
    #expect(after.count == 1 && after[0].factors.semantic < 0.2)
    #expect(after[0].span == TextSpan(start: 0, end: 9))
    _ = try fixture.memories.update(
      memory.id, .init(content: long("zebra crossing", filler: "second")),
      caller: ServiceFixture.anyone, user: nil)
    #expect(try text(try search(fixture, "zebra crossing")[0]).contains("zebra"))
    #expect(
      try fixture.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil))
    #expect(try search(fixture, "zebra crossing").isEmpty)
    try fixture.store.search { #expect($0.indexedCounts == IndexedCounts(memories: 0, vectors: 0)) }
  }

  @Test func `filters see a memory, not its passages`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    for number in 0..<6 {
      _ = try fixture.memories.add(
        .init(
          content: long("topic\(number) sentence"), type: number % 2 == 0 ? "fact" : "note",
          occurredAt: Timestamp(milliseconds: Int64(number))),
        caller: ServiceFixture.anyone, user: ana, session: nil)
    }
    for filter in [
      MemoryFilter(types: ["fact"]),
      MemoryFilter(since: Timestamp(milliseconds: 1), until: Timestamp(milliseconds: 3)),
    ] {
      let hits = try fixture.memories.search(
        .init(query: "topic2 sentence", strategy: .semantic, filter: filter, limit: 3),
        caller: ServiceFixture.anyone, user: ana, session: nil
      ).hits
      #expect(hits.count == 3 && Set(hits.map(\.memory.id)).count == 3)
      #expect(hits[0].memory.content.contains("topic2"))
    }
    let none = MemoryFilter(since: Timestamp(milliseconds: 3), until: Timestamp(milliseconds: 1))
    #expect(try fixture.contents("topic2", user: "ana", strategy: .semantic, filter: none).isEmpty)
  }

  @Test func `passages that are missing are made once there is a model`() throws {
    let without = try ServiceFixture(embedder: nil)
    let content = long("the walrus sings")
    _ = try without.add(content, user: "ana")
    let fixture = try ServiceFixture(embedder: embedder, directory: without.directory)
    #expect(try fixture.memories.embedMissing() == 1)
    #expect(try text(try search(fixture, "the walrus sings")[0]).contains("walrus"))
    try fixture.store.search { #expect($0.indexedCounts == IndexedCounts(memories: 1, vectors: 1)) }
  }

  // MARK: No text twice

  @Test func `no text of a user is embedded twice, and another user's tells nothing`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    let session = try fixture.open("ana").session.id
    let content = long("once is enough")
    _ = try fixture.add(content, user: "ana")
    let first = embedder.takeTexts()
    #expect(first.count == embedder.passages(of: content).count && first.count > 1)
    let memory = try fixture.add(content, user: "ana", session: session)
    _ = try fixture.add(content, user: "ana", type: "fact")
    let items = [(draft: MemoryService.Draft(content: content, type: "note"), session: session)]
    _ = try fixture.memories.addAll(
      items.map { ($0.draft, Optional($0.session)) }, caller: ServiceFixture.anyone, user: ana)
    #expect(embedder.takeTexts().isEmpty)
    _ = try fixture.memories.update(
      memory.id, .init(content: "for a while"), caller: ServiceFixture.anyone, user: nil)
    #expect(embedder.takeTexts() == ["for a while"])
    _ = try fixture.memories.restore(
      memory.id, version: 1, caller: ServiceFixture.anyone, user: nil)
    #expect(embedder.takeTexts().isEmpty)
    let same = try fixture.memories.search(
      .init(query: "once is enough", strategy: .semantic, limit: 10),
      caller: ServiceFixture.anyone, user: ana, session: nil)
    #expect(same.hits.count + same.collapsed == 4)
    #expect(embedder.takeTexts() == ["once is enough"])
    _ = try fixture.add(content, user: "ben")
    #expect(embedder.takeTexts() == first, "what ana stored is not ben's to learn from")
  }

  @Test func `a query is embedded once for a user, until the user is forgotten`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    _ = try fixture.add("tea", user: "ana")
    _ = embedder.takeTexts()
    for _ in 0..<3 { _ = try search(fixture, "green tea") }
    #expect(embedder.takeTexts() == ["green tea"])
    _ = try fixture.contents("green tea", user: "ben")
    #expect(embedder.takeTexts() == ["green tea"])
    _ = try fixture.memories.forget(ana, caller: ServiceFixture.anyone)
    _ = try search(fixture, "green tea")
    #expect(embedder.takeTexts() == ["green tea"])
    // More queries than are kept do no harm.
    for number in 0..<600 { _ = try search(fixture, "query \(number)") }
    _ = embedder.takeTexts()
    _ = try search(fixture, "query 599")
    #expect(embedder.takeTexts().isEmpty)
  }

  @Test func `a query in a session is its owner's alone, and is forgotten with the owner`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    var sessions: [String: SessionID] = [:]
    for user in ["ana", "ben"] {
      sessions[user] = try fixture.open(user).session.id
      _ = try fixture.add("tea", user: user, session: sessions[user])
    }
    func ask(_ user: String, _ caller: Caller) throws -> [String] {
      _ = embedder.takeTexts()
      _ = try fixture.memories.search(
        .init(query: "green tea", strategy: .semantic), caller: caller, user: nil,
        session: sessions[user])
      return embedder.takeTexts()
    }
    #expect(try ask("ana", ServiceFixture.anyone) == ["green tea"])
    #expect(try ask("ben", ServiceFixture.anyone) == ["green tea"], "ana's query tells ben nothing")
    #expect(try ask("ana", .bound(ana)).isEmpty)
    #expect(try ask("ben", .bound(UserID(stored: "ben"))).isEmpty)
    _ = try fixture.memories.forget(ana, caller: ServiceFixture.anyone)
    #expect(try ask("ben", ServiceFixture.anyone).isEmpty)
    sessions["ana"] = try fixture.open("ana").session.id
    #expect(try ask("ana", ServiceFixture.anyone) == ["green tea"])
  }

  @Test func `several memories in sessions of several users take each from its own user`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    let sessions = try ["ana", "ben"].map { try fixture.open($0).session.id }
    _ = try fixture.add("known to ana", user: "ana")
    _ = embedder.takeTexts()
    _ = try fixture.memories.addAll(
      sessions.map { (.init(content: "known to ana"), $0) }, caller: ServiceFixture.anyone,
      user: nil)
    #expect(embedder.takeTexts() == ["known to ana"], "ben's is embedded, ana's is not")
  }

  @Test func `an answer that is merged is not embedded again`() throws {
    let fixture = try ServiceFixture(embedder: embedder)
    _ = try fixture.add("The ferry leaves Trondheim harbour on Tuesday.", user: "ana")
    func ask() throws -> [String] {
      _ = try fixture.questions.ask(
        .init(text: "When does the ferry leave Trondheim harbour"),
        caller: ServiceFixture.anyone, user: ana, session: nil)
      return embedder.takeTexts()
    }
    _ = embedder.takeTexts()
    #expect(try ask().contains { $0.hasPrefix("Q: ") })
    #expect(try !ask().contains { $0.hasPrefix("Q: ") })
  }

  @Test func `missing vectors are stored as they are made`() throws {
    let without = try ServiceFixture(embedder: nil)
    for number in 0..<5 {
      _ = try without.add(long("sentence \(number)", filler: "of\(number)x"), user: "ana")
    }
    let failing = FailingEmbedder(after: 2)
    let fixture = try ServiceFixture(embedder: failing, directory: without.directory)
    #expect(throws: ServiceError.self) { try fixture.memories.embedMissing() }
    try fixture.store.search { #expect($0.indexedCounts == IndexedCounts(memories: 5, vectors: 2)) }
  }
}

/// The embedder of the tests, until its model breaks.
private final class FailingEmbedder: Embedder {
  private let inner = CountingEmbedder(maximumTokens: 4)
  private let limit: Int
  private let calls = Mutex(0)

  init(after limit: Int) { self.limit = limit }

  var model: EmbeddingModel { inner.model }

  func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    let call = calls.withLock { calls in
      calls += 1
      return calls
    }
    guard call <= limit else { throw EmbeddingError(.modelDamaged, "broken on purpose") }
    return try inner.embed(texts)
  }

  func passages(of text: String) -> [Passage] { inner.passages(of: text) }
}
