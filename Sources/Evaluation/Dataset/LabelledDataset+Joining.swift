internal import ConversationMemory
internal import Records

extension LabelledDataset {
  /// The same conversations with every `interval`-th session of a user as one long memory instead of
  /// a memory for each turn: what measures how long memories are found beside short ones.
  ///
  /// Evidence that was a turn is then the memory that holds it; type, time and metadata of a joined
  /// memory are those of its first turn.
  ///
  /// - Parameter interval: 1 joins every session.
  /// - Throws: `invalid_argument`.
  package func joiningSessions(every interval: Int) throws -> LabelledDataset {
    guard interval >= 1 else { throw ServiceError.invalid("interval", "must be 1 or more") }
    var numbers: [UserID: Int] = [:]
    var joined: Set<SessionID> = []
    for case .session(let session) in records {
      guard let id = session.id else { continue }
      if numbers[session.user, default: 0] % interval == 0 { joined.insert(id) }
      numbers[session.user, default: 0] += 1
    }
    var kept: [ImportedRecord] = []
    var whole: [SessionID: [ImportedMemory]] = [:]
    for record in records {
      if case .memory(let memory) = record, let session = memory.session,
        joined.contains(session), memory.id != nil
      {
        whole[session, default: []].append(memory)
      } else {
        kept.append(record)
      }
    }
    var successors: [MemoryID: MemoryID] = [:]
    for (session, turns) in whole.sorted(by: { $0.key < $1.key }) {
      guard let first = turns.first, let id = first.id else { continue }
      for turn in turns { turn.id.map { successors[$0] = id } }
      kept.append(
        .memory(
          ImportedMemory(
            id: id, user: first.user, session: session,
            content: turns.map(\.content).joined(separator: "\n"), createdAt: first.createdAt,
            occurredAt: first.occurredAt, type: first.type, metadata: first.metadata)))
    }
    return try LabelledDataset(
      records: kept,
      questions: questions.map { question in
        LabelledQuestion(
          user: question.user, text: question.text,
          evidence: question.evidence.map { successors[$0] ?? $0 }.distinct,
          category: question.category, session: question.session,
          evidenceSessions: question.evidenceSessions)
      },
      overallCategories: overallCategories)
  }
}
