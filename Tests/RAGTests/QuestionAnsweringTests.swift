import ConversationMemory
import RAG
import Records
import ServiceTestSupport
import Testing

@Suite struct QuestionAnsweringTests {
  private let ana = UserID(stored: "ana")

  private func ask(
    _ text: String, _ fixture: ServiceFixture, session: SessionID? = nil, usesMemory: Bool = true
  ) throws -> QuestionAnswering.Answer {
    try fixture.questions.ask(
      .init(text: text, usesMemory: usesMemory), caller: ServiceFixture.anyone, user: ana,
      session: session)
  }

  @Test func `an answer quotes to the letter, is counted once, and is remembered`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    let source = try fixture.add(
      "My sister Ingrid keeps bees on the roof.", user: "ana", session: session)
    let answer = try ask("Where does my sister Ingrid keep her bees?", fixture, session: session)
    #expect(answer.isAnswered)
    let citation = try #require(answer.citations.first)
    #expect(citation.memory == source.id && source.content.contains(citation.quote))
    let exchange = try #require(answer.memory)
    let stored = try fixture.memories.memories(
      [exchange], caller: ServiceFixture.anyone, user: nil
    ).found[0]
    #expect(stored.metadata == ["generated": true] && stored.session == session)
    #expect(
      stored.content
        == "Q: Where does my sister Ingrid keep her bees?\nA: \(citation.quote)")
    // Asked again, it is answered by what was said, not by the earlier answer.
    let again = try ask("Where does my sister Ingrid keep her bees?", fixture, session: session)
    #expect(again.citations.map(\.memory) == [source.id])
    let view = try fixture.sessions.session(session, caller: ServiceFixture.anyone, user: nil)
    #expect(view.interactionCount == 2)
  }

  @Test func `what nothing answers is neither counted nor stored, but it is activity`() throws {
    let fixture = try ServiceFixture()
    let session = try fixture.open("ana").session.id
    _ = try fixture.add("My sister Ingrid keeps bees.", user: "ana", session: session)
    fixture.clock.advance(seconds: 3)
    for usesMemory in [true, false] {
      let answer = try ask(
        "What is the boiling point of tungsten?", fixture, session: session,
        usesMemory: usesMemory)
      #expect(!answer.isAnswered && answer.citations.isEmpty && answer.memory == nil)
    }
    let view = try fixture.sessions.session(session, caller: ServiceFixture.anyone, user: nil)
    #expect(view.interactionCount == 0 && view.memoryCount == 1)
    #expect(view.lastActivity == fixture.clock.now)
  }

  @Test func `a long memory is quoted in part`() throws {
    let fixture = try ServiceFixture()
    let filler = (0..<40).map { "Sentence \($0) is about nothing in particular." }
    let content =
      (filler + ["The spare key hangs behind the blue door."] + filler).joined(separator: " ")
    let memory = try fixture.add(content, user: "ana")
    let answer = try ask("Where hangs the spare key behind the blue door?", fixture)
    let quote = try #require(answer.citations.first?.quote)
    #expect(quote.contains("spare key") && quote.count < 500)
    #expect(memory.content.contains(quote))
  }

  @Test func `questions are checked before anything else happens`() throws {
    let fixture = try ServiceFixture()
    for text in ["", "  \n", String(repeating: "x", count: 4_001), "a\u{0}b"] {
      let error = #expect(throws: ServiceError.self) { try ask(text, fixture) }
      #expect(error?.code == .invalidArgument && error?.field == "question")
    }
  }
}
