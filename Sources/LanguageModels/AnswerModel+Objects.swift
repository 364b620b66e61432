package import Records

extension AnswerModel {
  /// Asks for a JSON object and reads it; what cannot be read is asked for once more.
  ///
  /// - Parameter read: throws `malformed` for an object that is not what was asked for.
  package func object<Reply>(
    for prompt: ModelPrompt,
    reading read: ([String: JSONValue]) throws(ModelFailure) -> Reply
  ) throws(ModelFailure) -> Reply {
    do throws(ModelFailure) {
      return try read(try object(for: prompt))
    } catch {
      guard error.code == .malformed else { throw error }
      return try read(try object(for: prompt))
    }
  }

  private func object(for prompt: ModelPrompt) throws(ModelFailure) -> [String: JSONValue] {
    let text = try answer(to: prompt).withoutFence
    do throws(JSONTextReader.Fault) {
      return try JSON.members(from: text)
    } catch {
      throw ModelFailure(.malformed, "answered with what is not a JSON object")
    }
  }
}

extension String {
  /// The text without the fence of Markdown that many models put around code.
  fileprivate var withoutFence: String {
    let text = trimmed
    guard text.hasPrefix("```"), text.hasSuffix("```"), let first = text.firstIndex(of: "\n"),
      let last = text.lastIndex(of: "\n"), first < last
    else { return text }
    return String(text[text.index(after: first)..<last])
  }
}
