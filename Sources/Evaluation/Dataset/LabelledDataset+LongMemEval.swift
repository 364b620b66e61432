internal import ConversationMemory
package import Foundation
internal import Records

extension LabelledDataset {
  /// Reads a file of LongMemEval (D. Wu and others, "LongMemEval: Benchmarking Chat Assistants on
  /// Long-Term Interactive Memory", 2024).
  ///
  /// A question is a user with a haystack of its own, a session of it a session, a turn a memory with
  /// the text `[session date] role: content`; blank turns are left out. The evidence is the turns
  /// marked `has_answer`, or by session those of `answer_session_ids`. Questions whose id ends with
  /// `_abs` ask for what is nowhere and have no evidence.
  ///
  /// - Throws: `DecodingError`, `invalid_argument`.
  package static func longMemEval(_ data: Data) throws -> LabelledDataset {
    var records: [ImportedRecord] = []
    var questions: [LabelledQuestion] = []
    for entry in try JSON.value([Entry].self, from: data) {
      questions.append(try add(entry, to: &records))
    }
    return try LabelledDataset(records: records, questions: questions)
  }

  /// How the ids of questions end that nothing answers.
  private static let abstentionSuffix = "_abs"

  private static func add(
    _ entry: Entry, to records: inout [ImportedRecord]
  ) throws -> LabelledQuestion {
    let user = try UserID(entry.id)
    let isAnswerable = !entry.id.hasSuffix(abstentionSuffix)
    let answers = Set(entry.answerSessions ?? [])
    var evidence: [MemoryID] = []
    var evidenceSessions: [SessionID] = []
    for (number, turns) in entry.sessions.enumerated() {
      // A haystack may hold one session twice; the number keeps the two apart.
      let path = "longmemeval/\(entry.id)/\(number)"
      let session = SessionID(stored: DerivedUUID.of(path))
      let name = number < entry.sessionNames.count ? entry.sessionNames[number] : "\(number)"
      let date = number < entry.dates.count ? entry.dates[number] : nil
      let start = date.flatMap(ConversationDate.timestamp)
      if isAnswerable, answers.contains(name) { evidenceSessions.append(session) }
      records.append(
        .session(ImportedSession(id: session, user: user, name: name, createdAt: start)))
      for (position, turn) in turns.enumerated() where !turn.content.trimmed.isEmpty {
        let id = MemoryID(stored: DerivedUUID.of("\(path)/\(position)"))
        if isAnswerable, turn.hasAnswer == true { evidence.append(id) }
        let prefix = date.map { "[\($0)] " } ?? ""
        records.append(
          .memory(
            ImportedMemory(
              id: id, user: user, session: session,
              content: "\(prefix)\(turn.role): \(turn.content)",
              createdAt: start?.advanced(bySeconds: Double(position)))))
      }
    }
    return LabelledQuestion(
      user: user, text: entry.question, evidence: evidence, category: entry.type,
      evidenceSessions: evidenceSessions)
  }

  private struct Entry: Decodable {
    let id: String
    let type: String
    let question: String
    let sessions: [[Turn]]
    let sessionNames: [String]
    let dates: [String]
    let answerSessions: [String]?

    private enum CodingKeys: String, CodingKey {
      case id = "question_id"
      case type = "question_type"
      case question
      case sessions = "haystack_sessions"
      case sessionNames = "haystack_session_ids"
      case dates = "haystack_dates"
      case answerSessions = "answer_session_ids"
    }
  }

  private struct Turn: Decodable {
    let role: String
    let content: String
    let hasAnswer: Bool?

    private enum CodingKeys: String, CodingKey {
      case role, content
      case hasAnswer = "has_answer"
    }
  }
}
