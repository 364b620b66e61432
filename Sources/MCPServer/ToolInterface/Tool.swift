package import Records

/// Something a model can do here: a name, a description, a typed input and a typed output.
///
/// Schemas, decoding, error replies and the shape of results follow from the types; a tool holds
/// what it needs to do its work and nothing else.
package protocol Tool: Sendable {
  associatedtype Input: ToolInput
  /// Encoded as a JSON object; see `SchemaDecoder` for what can be described.
  associatedtype Output: Codable & Sendable

  /// At most 32 characters of `[a-z0-9_]`.
  static var name: String { get }
  /// For people.
  static var title: String { get }
  /// For the model: when to call it first, then what it gives; under 2,000 characters.
  static var description: String { get }
  static var annotations: ToolAnnotations { get }

  /// Does the work, on a thread that may be blocked.
  ///
  /// - Throws: `ServiceError` for what the caller should know; everything else is reported as an
  ///   internal failure without its details.
  func call(_ input: Input, _ context: ToolContext) throws -> Output
}

/// What a call knows besides its input.
package struct ToolContext: Sendable {
  package let caller: Caller
  package let cancellation: Cancellation
  private let progress: Progress?

  package init(
    caller: Caller, cancellation: Cancellation = Cancellation(), progress: Progress? = nil
  ) {
    self.caller = caller
    self.cancellation = cancellation
    self.progress = progress
  }

  /// Tells whoever asked how far the work is; `done` must grow from call to call.
  package func report(_ done: Int, of total: Int, _ message: String) {
    guard !cancellation.isCancelled else { return }
    progress?.report(done, of: total, message)
  }
}

/// The arguments of a tool.
package protocol ToolInput: Sendable {
  /// Names each argument once, which serves both to describe the arguments and to read them.
  ///
  /// While describing, the reader returns stand-ins; rules that hold between arguments belong into
  /// `ArgumentReader.verify`, which then does nothing.
  init(_ arguments: inout ArgumentReader) throws
}

/// The input of a tool that takes no arguments.
package struct NoArguments: ToolInput {
  package init(_ arguments: inout ArgumentReader) {}
}
