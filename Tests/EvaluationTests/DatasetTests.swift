import ConversationMemory
import Evaluation
import Foundation
import Records
import Testing

@Suite struct DatasetTests {
  private func memories(_ dataset: LabelledDataset) -> [ImportedMemory] {
    dataset.records.compactMap { if case .memory(let memory) = $0 { memory } else { nil } }
  }

  private func sessions(_ dataset: LabelledDataset) -> [ImportedSession] {
    dataset.records.compactMap { if case .session(let session) = $0 { session } else { nil } }
  }

  private func contents(_ ids: [MemoryID], _ dataset: LabelledDataset) -> [String] {
    ids.compactMap { id in memories(dataset).first { $0.id == id }?.content }
  }

  // MARK: LoCoMo

  private static let locomo = """
    [{"sample_id": "pair-1", "event_summary": {"x": 1},
      "conversation": {
        "speaker_a": "Odo", "speaker_b": "Pia",
        "session_10_date_time": "12:05 am on 3 February, 2024",
        "session_10": [{"speaker": "Pia", "dia_id": "D10:1", "text": "The kiln is fixed."}],
        "session_2_date_time": "1:56 pm on 8 May, 2023",
        "session_2": [
          {"speaker": "Odo", "dia_id": "D2:1", "text": "I sold the blue vase.",
           "blip_caption": "a photo of a vase", "img_url": ["u"]},
          {"speaker": "Pia", "dia_id": "D2:5", "text": "To whom?"}],
        "session_3_date_time": "9:00 am on 9 May, 2023"},
      "qa": [
        {"question": "What did Odo sell?", "answer": "a vase", "evidence": ["D2:1"], "category": 4},
        {"question": "What broke?", "evidence": ["D10:1; D2:05", "D:2:1", "D"], "category": 1},
        {"question": "When?", "evidence": ["D2:1", "D2:1", "D9:9"], "category": 2},
        {"question": "Who is Zed?", "evidence": [], "category": 3},
        {"question": "What did Pia sell?", "adversarial_answer": "a vase", "evidence": ["D2:1"],
         "category": 5}]}]
    """

  @Test func `turns of LoCoMo carry date and speaker, sessions stand in order`() throws {
    let dataset = try LabelledDataset.locomo(Data(Self.locomo.utf8))
    #expect(
      memories(dataset).map(\.content) == [
        "[1:56 pm on 8 May, 2023] Odo: I sold the blue vase.",
        "[1:56 pm on 8 May, 2023] Pia: To whom?",
        "[12:05 am on 3 February, 2024] Pia: The kiln is fixed.",
      ])
    #expect(sessions(dataset).count == 2)
    let ids = sessions(dataset).map(\.id)
    #expect(memories(dataset).map(\.session) == [ids[0], ids[0], ids[1]])
    #expect(Set(memories(dataset).map(\.user.description)) == ["pair-1"])
  }

  @Test func `evidence of LoCoMo is read as it is meant, and what names no turn is dropped`() throws
  {
    let dataset = try LabelledDataset.locomo(Data(Self.locomo.utf8))
    let found = dataset.questions.map { question in
      contents(question.evidence, dataset).map { $0.split(separator: ": ").last.map(String.init) }
    }
    let vase = "I sold the blue vase."
    #expect(found == [[vase], ["The kiln is fixed.", "To whom?", vase], [vase], [], [vase]])
    #expect(
      dataset.questions.map(\.category)
        == ["single-hop", "multi-hop", "temporal", "open-domain", "adversarial"])
    #expect(
      dataset.overallCategories == ["single-hop", "multi-hop", "temporal", "open-domain"])
  }

  @Test func `ids are UUIDs that follow from the data alone`() throws {
    let (first, second) = (
      try LabelledDataset.locomo(Data(Self.locomo.utf8)),
      try LabelledDataset.locomo(Data(Self.locomo.utf8))
    )
    #expect(memories(first).map(\.id) == memories(second).map(\.id))
    let ids =
      memories(first).compactMap(\.id?.description)
      + sessions(first).compactMap(\.id?.description)
    #expect(Set(ids).count == 5)
    for id in ids {
      #expect(try MemoryID(id).description == id)
      #expect(id.dropFirst(14).first == "8", "a UUID of version 8")
      #expect(id.dropFirst(19).first.map { "89ab".contains($0) } == true, "the RFC's variant")
    }
  }

  // MARK: LongMemEval

  private static let longMemEval = """
    [{"question_id": "q1", "question_type": "knowledge-update", "question": "Which bike now?",
      "answer": "a red one", "question_date": "2023/06/01 (Thu) 10:00",
      "haystack_session_ids": ["a", "b", "a"],
      "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/21 (Sun) 12:00", "nonsense"],
      "haystack_sessions": [
        [{"role": "user", "content": "My bike is green."},
         {"role": "assistant", "content": "  "}],
        [{"role": "user", "content": "I swapped it for a red one.", "has_answer": true},
         {"role": "assistant", "content": "Nice.", "has_answer": false}],
        [{"role": "user", "content": "Hello."}]],
      "answer_session_ids": ["b"]},
     {"question_id": "q2_abs", "question_type": "multi-session", "question": "Which boat?",
      "haystack_session_ids": ["c"], "haystack_dates": ["2023/05/20 (Sat) 02:21"],
      "haystack_sessions": [[{"role": "user", "content": "My bike is green.", "has_answer": true}]],
      "answer_session_ids": ["c"]}]
    """

  @Test func `a question of LongMemEval is a user with a haystack of its own`() throws {
    let dataset = try LabelledDataset.longMemEval(Data(Self.longMemEval.utf8))
    #expect(
      memories(dataset).map(\.content) == [
        "[2023/05/20 (Sat) 02:21] user: My bike is green.",
        "[2023/05/21 (Sun) 12:00] user: I swapped it for a red one.",
        "[2023/05/21 (Sun) 12:00] assistant: Nice.", "[nonsense] user: Hello.",
        "[2023/05/20 (Sat) 02:21] user: My bike is green.",
      ])
    #expect(Set(memories(dataset).map(\.id)).count == 5)
    #expect(
      memories(dataset).map(\.user.description) == ["q1", "q1", "q1", "q1", "q2_abs"])
    // One session stands twice in the first haystack; the two stay apart.
    #expect(Set(sessions(dataset).map(\.id)).count == 4)
  }

  @Test func `evidence of LongMemEval is marked turns, or named sessions`() throws {
    let dataset = try LabelledDataset.longMemEval(Data(Self.longMemEval.utf8))
    let first = try #require(dataset.questions.first)
    #expect(
      contents(first.evidence, dataset)
        == ["[2023/05/21 (Sun) 12:00] user: I swapped it for a red one."])
    #expect(
      first.evidenceSessions
        == sessions(dataset).filter { $0.user == first.user }
        .dropFirst().prefix(1).compactMap(\.id))
    #expect(first.category == "knowledge-update")
    let abstention = dataset.questions[1]
    #expect(abstention.evidence.isEmpty && abstention.evidenceSessions?.isEmpty == true)
  }

  // MARK: Our own format

  @Test func `evidence that its user does not have is refused`() throws {
    let id = MemoryID.make()
    let memory = ImportedMemory(
      id: id, user: UserID(stored: "ana"), session: nil, content: "x", createdAt: nil)
    let question = { (user: String, evidence: MemoryID) in
      LabelledQuestion(
        user: UserID(stored: user), text: "?", evidence: [evidence], category: "fact")
    }
    _ = try LabelledDataset(records: [.memory(memory)], questions: [question("ana", id)])
    for wrong in [question("ben", id), question("ana", .make())] {
      let error = #expect(throws: ServiceError.self) {
        try LabelledDataset(records: [.memory(memory)], questions: [wrong])
      }
      #expect(error?.code == .invalidArgument && error?.field == "evidence")
    }
  }
}
