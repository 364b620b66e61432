internal import LanguageModels
internal import Records

/// What a model decided, once everything about it has been checked.
///
/// A model is as trustworthy as what it has read, which anybody may have written. So nothing is guessed
/// or mended: one decision that is not as it was asked for, and none of them counts.
struct InferenceReply {
  struct Decision {
    let kind: MemoryService.Decision.Kind
    /// Which memory, by its place among those that were shown.
    let memory: Int?
    /// From which text, by its place.
    let text: Int
    let content: String?
    let type: FactType
    let reason: String
  }

  /// What a model may call a fact. What is read back before everything else it cannot make of what it
  /// has read: an instruction takes a caller who says so, and a preference that it has found is one like
  /// other facts.
  enum FactType: String, CaseIterable {
    case fact
    case preference
  }

  let decisions: [Decision]

  /// - Parameters:
  ///   - texts: how many were shown.
  ///   - memories: how many were shown.
  /// - Throws: `malformed` naming the decision that cannot be used.
  init(
    _ members: [String: JSONValue], texts: Int, memories: Int
  ) throws(ModelFailure) {
    guard let entries = members["decisions"]?.array else {
      throw ModelFailure(.malformed, "answered without a list of decisions")
    }
    guard entries.count <= Limits.decisionsPerReply else {
      throw ModelFailure(
        .malformed, "made more than \(Limits.decisionsPerReply) decisions at once")
    }
    var decisions: [Decision] = []
    var changed: Set<Int> = []
    for (number, entry) in entries.enumerated() {
      let reader = EntryReader(number: number, entry: entry, texts: texts, memories: memories)
      let decision = try reader.decision()
      if decision.kind == .update || decision.kind == .supersede, let memory = decision.memory,
        !changed.insert(memory).inserted
      {
        throw reader.fault("changes a memory that another one changes")
      }
      decisions.append(decision)
    }
    self.decisions = decisions
  }
}

/// Reads one decision of a model.
private struct EntryReader {
  let number: Int
  let entry: JSONValue
  let texts: Int
  let memories: Int

  func fault(_ rule: String) -> ModelFailure {
    ModelFailure(.malformed, "made a decision that cannot be used: number \(number + 1) \(rule)")
  }

  func decision() throws(ModelFailure) -> InferenceReply.Decision {
    guard let text = entry["decision"]?.string,
      let kind = MemoryService.Decision.Kind(rawValue: text)
    else { throw fault("is none of add, update, supersede and none") }
    let memory = try place("memory", among: memories)
    let content = try self.text("content", limit: Limits.factLength)
    switch kind {
    case .add where memory != nil: throw fault("adds, and names a memory")
    case .update where memory == nil, .supersede where memory == nil:
      throw fault("does not say which memory it changes")
    case .add where content == nil, .update where content == nil, .supersede where content == nil:
      throw fault("has no content")
    case .add, .update, .supersede, .none: break
    }
    guard let reason = try self.text("reason", limit: Limits.reasonLength) else {
      throw fault("has no reason")
    }
    let source = try place("text", among: texts)
    guard let source = source ?? (texts == 1 ? 0 : nil) else {
      throw fault("does not say which text it is from")
    }
    return InferenceReply.Decision(
      kind: kind, memory: memory, text: source, content: content, type: try type(),
      reason: reason.trimmed)
  }

  private func member(_ name: String) -> JSONValue? {
    let value = entry[name]
    return value == .null ? nil : value
  }

  /// A number from 1 on, as a place from 0 on.
  private func place(_ name: String, among count: Int) throws(ModelFailure) -> Int? {
    guard let value = member(name) else { return nil }
    guard case .integer(let number) = value, number >= 1, number <= count else {
      throw fault("names a \(name) that was not shown")
    }
    return Int(number) - 1
  }

  private func text(_ name: String, limit: Int) throws(ModelFailure) -> String? {
    guard let value = member(name) else { return nil }
    guard let text = value.string else { throw fault("has a \(name) that is no text") }
    guard !text.trimmed.isEmpty, !text.utf8.contains(0), text.unicodeScalars.count <= limit else {
      throw fault("has a \(name) that is blank or longer than \(limit) characters")
    }
    return text
  }

  private func type() throws(ModelFailure) -> InferenceReply.FactType {
    guard let value = member("type") else { return .fact }
    guard let text = value.string, let type = InferenceReply.FactType(rawValue: text) else {
      throw fault("has a type other than fact and preference")
    }
    return type
  }
}
