package import Records

/// Something a person can start by name: a message to a model, made of what is remembered.
package protocol Prompt: Sendable {
  static var name: String { get }
  static var title: String { get }
  static var description: String { get }

  /// What it asks of this caller.
  func arguments(for caller: Caller) -> [PromptArgument]

  /// The message.
  ///
  /// - Parameter arguments: the required ones are there and not blank.
  /// - Throws: `invalid_argument` for an argument that cannot be used.
  func text(_ arguments: [String: String], for caller: Caller) throws -> String
}

/// One argument of a prompt; its values are strings, always.
package struct PromptArgument: Hashable, Sendable {
  let name: String
  let title: String
  let description: String
  let isRequired: Bool

  package init(name: String, title: String, description: String, isRequired: Bool = false) {
    self.name = name
    self.title = title
    self.description = description
    self.isRequired = isRequired
  }

  var json: JSONValue {
    [
      "name": .string(name), "title": .string(title), "description": .string(description),
      "required": .bool(isRequired),
    ]
  }

  /// Whose memory; whoever is bound to one user is not asked.
  static func user(for caller: Caller) -> [PromptArgument] {
    switch caller {
    case .bound: []
    case .unbound:
      [PromptArgument(name: "user_id", title: "User", description: "Whose memory.")]
    }
  }
}

/// The prompts of a server, in a fixed order, found by name.
struct PromptShelf: Sendable {
  private let prompts: [any Prompt]

  init(_ prompts: [any Prompt]) { self.prompts = prompts }

  subscript(name: String) -> (any Prompt)? { prompts.first { type(of: $0).name == name } }

  func definitions(for caller: Caller) -> [JSONValue] {
    prompts.map { prompt in
      let kind = type(of: prompt)
      return [
        "name": .string(kind.name), "title": .string(kind.title),
        "description": .string(kind.description),
        "arguments": .array(prompt.arguments(for: caller).map(\.json)),
      ]
    }
  }
}
