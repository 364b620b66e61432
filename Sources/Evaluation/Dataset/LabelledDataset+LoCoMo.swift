internal import ConversationMemory
package import Foundation
internal import Records

extension LabelledDataset {
  /// Reads `locomo10.json` (A. Maharana and others, "Evaluating Very Long-Term Conversational Memory
  /// of LLM Agents", 2024).
  ///
  /// A conversation is a user, a session a session, a turn a memory with the text
  /// `[session date] speaker: text`; captions of images are left out. Evidence that names no turn is
  /// dropped; spellings such as `D:11:26`, `D30:05` and several turns in one string are understood.
  /// `overall` is made of the four categories that have an answer.
  ///
  /// - Throws: `DecodingError`, `invalid_argument`.
  package static func locomo(_ data: Data) throws -> LabelledDataset {
    let conversations = try JSON.value([Conversation].self, from: data)
    var records: [ImportedRecord] = []
    var questions: [LabelledQuestion] = []
    for conversation in conversations {
      let user = try UserID(conversation.id)
      var turns: [String: MemoryID] = [:]
      for session in conversation.content.sessions {
        add(session, of: user, to: &records, &turns)
      }
      questions += conversation.questions.map { question in
        LabelledQuestion(
          user: user, text: question.text,
          evidence: evidence(question.evidence ?? []).compactMap { turns[$0] }.distinct,
          category: categories[question.category] ?? "category \(question.category)",
          answer: question.answer)
      }
    }
    return try LabelledDataset(
      records: records, questions: questions,
      overallCategories: Set((1...4).compactMap { categories[$0] }))
  }

  private static let categories = [
    1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial",
  ]

  private static func add(
    _ session: Session, of user: UserID, to records: inout [ImportedRecord],
    _ turns: inout [String: MemoryID]
  ) {
    let start = session.date.flatMap(ConversationDate.timestamp)
    let id = SessionID(stored: DerivedUUID.of("locomo/\(user)/session \(session.number)"))
    records.append(
      .session(
        ImportedSession(id: id, user: user, name: "Session \(session.number)", createdAt: start)))
    for (position, turn) in session.turns.enumerated() {
      let memory = MemoryID(stored: DerivedUUID.of("locomo/\(user)/\(turn.id)"))
      turns[turn.id] = memory
      let date = session.date.map { "[\($0)] " } ?? ""
      records.append(
        .memory(
          ImportedMemory(
            id: memory, user: user, session: id, content: "\(date)\(turn.speaker): \(turn.text)",
            createdAt: start?.advanced(bySeconds: Double(position)))))
    }
  }

  /// The ids of turns that evidence names, as `D` session `:` turn.
  private static func evidence(_ labels: [String]) -> [String] {
    labels.flatMap { label in
      label.matches(of: /D:?0*(\d+):0*(\d+)/).map { "D\($0.1):\($0.2)" }
    }
  }

  private struct Conversation: Decodable {
    let id: String
    let content: Content
    let questions: [Question]

    private enum CodingKeys: String, CodingKey {
      case id = "sample_id"
      case content = "conversation"
      case questions = "qa"
    }
  }

  private struct Question: Decodable {
    let text: String
    let evidence: [String]?
    let category: Int
    /// Years are numbers.
    let answer: String?

    private enum CodingKeys: String, CodingKey {
      case text = "question"
      case evidence, category, answer
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      text = try container.decode(String.self, forKey: .text)
      evidence = try container.decodeIfPresent([String].self, forKey: .evidence)
      category = try container.decode(Int.self, forKey: .category)
      answer =
        switch try container.decodeIfPresent(JSONValue.self, forKey: .answer) {
        case .string(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }
  }

  private struct Turn: Decodable {
    let id: String
    let speaker: String
    let text: String

    private enum CodingKeys: String, CodingKey {
      case id = "dia_id"
      case speaker, text
    }
  }

  private struct Session {
    let number: Int
    let date: String?
    let turns: [Turn]
  }

  /// Sessions are members of one object: `session_3` is the turns, `session_3_date_time` the date.
  private struct Content: Decodable {
    let sessions: [Session]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: MemberName.self)
      sessions = try container.allKeys.compactMap { key in
        guard let match = key.stringValue.wholeMatch(of: /session_(\d+)/),
          let number = Int(match.1)
        else { return nil }
        return Session(
          number: number,
          date: try container.decodeIfPresent(
            String.self, forKey: MemberName(stringValue: key.stringValue + "_date_time")),
          turns: try container.decode([Turn].self, forKey: key))
      }.sorted { $0.number < $1.number }
    }
  }

  private struct MemberName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension Array where Element: Hashable {
  /// Each element once, where it first stands.
  var distinct: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
