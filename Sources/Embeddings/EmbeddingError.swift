/// Why a text could not be embedded or a model not be had.
package struct EmbeddingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is: what a program decides on.
  package enum Code: String, CaseIterable, Sendable {
    /// The model, or one of its files, is not where it is looked for.
    case modelMissing
    /// A file of the model is not what it should be: cut short, altered, or of another model.
    case modelDamaged
    /// The files are sound, but describe a model that this program cannot run.
    case unsupportedModel
    /// Something outside is needed and absent: a program, the network, room or rights on the disk.
    case unavailable
  }

  package let code: Code
  /// What happened and what to do, in sentences for a person.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
