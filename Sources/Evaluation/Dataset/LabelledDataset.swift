package import ConversationMemory
package import Records

/// Conversations, and questions about them whose answers are known.
package struct LabelledDataset: Sendable {
  /// Sessions and memories in the order in which they are stored.
  package let records: [ImportedRecord]
  package let questions: [LabelledQuestion]
  /// The categories that `overall` is made of; nil for all.
  package let overallCategories: Set<String>?

  /// Which session each memory belongs to; memories outside any session are left out.
  let sessions: [MemoryID: SessionID]
  /// How many memories each user has.
  let memoryCounts: [UserID: Int]

  /// - Throws: `invalid_argument` when a question rests on a memory that its user does not have.
  package init(
    records: [ImportedRecord], questions: [LabelledQuestion],
    overallCategories: Set<String>? = nil
  ) throws(ServiceError) {
    self.records = records
    self.questions = questions
    self.overallCategories = overallCategories
    var owners: [MemoryID: UserID] = [:]
    var sessions: [MemoryID: SessionID] = [:]
    var counts: [UserID: Int] = [:]
    for case .memory(let memory) in records {
      counts[memory.user, default: 0] += 1
      guard let id = memory.id else { continue }
      owners[id] = memory.user
      sessions[id] = memory.session
    }
    for question in questions {
      for id in question.evidence where owners[id] != question.user {
        throw .invalid(
          "evidence",
          "of \"\(question.text)\" names \(id), which is no memory of the user who asks")
      }
    }
    self.sessions = sessions
    memoryCounts = counts
  }
}

/// A question, and where its answer is.
package struct LabelledQuestion: Sendable, Decodable {
  package let user: UserID
  package let text: String
  /// The memories that answer; none when nothing does, and then the question is not scored.
  package let evidence: [MemoryID]
  package let category: String
  /// The session it is asked in; nil when it is asked of all that its user has.
  package let session: SessionID?
  /// The sessions that answer, where they are labelled by themselves; else those of the evidence.
  package let evidenceSessions: [SessionID]?
  /// What a good answer says; nil where that is not known.
  package let answer: String?

  package init(
    user: UserID, text: String, evidence: [MemoryID], category: String, session: SessionID? = nil,
    evidenceSessions: [SessionID]? = nil, answer: String? = nil
  ) {
    self.user = user
    self.text = text
    self.evidence = evidence
    self.category = category
    self.session = session
    self.evidenceSessions = evidenceSessions
    self.answer = answer
  }

  private enum CodingKeys: String, CodingKey {
    case user = "user_id"
    case text = "question"
    case evidence, category, answer
    case session = "session_id"
    case evidenceSessions = "evidence_sessions"
  }

  /// A question without a category is of the category `all`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    user = try container.decode(UserID.self, forKey: .user)
    text = try container.decode(String.self, forKey: .text)
    evidence = try container.decode([MemoryID].self, forKey: .evidence)
    category = try container.decodeIfPresent(String.self, forKey: .category) ?? "all"
    session = try container.decodeIfPresent(SessionID.self, forKey: .session)
    evidenceSessions = try container.decodeIfPresent(
      [SessionID].self, forKey: .evidenceSessions)
    answer = try container.decodeIfPresent(String.self, forKey: .answer)
  }
}
