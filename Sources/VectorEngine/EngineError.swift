/// What the engine refuses to do, and why.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that a program can tell apart.
  public enum Code: String, Sendable {
    /// A vector, batch or option breaks a rule of the collection; nothing was changed.
    case invalidArgument
    /// The id belongs to another user.
    case foreignID
    /// There is no index at this place.
    case notAnIndex
    /// A file was written by a version that this one cannot read.
    case unsupportedVersion
    /// Bytes of a file are not the ones that were written.
    case corrupt
    /// Another writer has published a newer state of the folder since this collection was opened.
    case conflict
    /// Another process or thread holds the folder and does not let go of it; nothing was changed.
    case busy
    /// The operating system refused: permissions, space, a missing folder.
    case inputOutput
  }

  /// What kind of failure it is.
  public let code: Code
  /// What went wrong and what to do about it.
  public let message: String

  /// Makes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The kind and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}
