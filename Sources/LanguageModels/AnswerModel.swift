/// A model that is told something and answers in words.
package protocol AnswerModel: Sendable {
  /// As replies name it.
  var name: String { get }

  /// Asks the model, on a thread that may be blocked, and waits for its whole answer.
  ///
  /// It ends early when whoever asked for the work of this thread no longer waits (`Interest`).
  func answer(to prompt: ModelPrompt) throws(ModelFailure) -> String

  /// Looks whether the model can be asked, without asking it anything.
  func probe() throws(ModelFailure)
}

/// What a model is told.
package struct ModelPrompt: Hashable, Sendable {
  /// What it is to do.
  package let instructions: String
  /// What it is to do it with.
  package let data: DataBlock

  /// The answer is to be one JSON object; what it must hold, the instructions say.
  package init(instructions: String, data: DataBlock) {
    self.instructions = instructions
    self.data = data
  }
}
