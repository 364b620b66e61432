internal import Records

extension ProtocolServer {
  func listPrompts(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    guard let prompts else { throw .methodNotFound("prompts/list") }
    try Self.refuseCursor(params, "prompts")
    return ["prompts": .array(prompts.definitions(for: caller))]
  }

  func getPrompt(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    guard let prompts else { throw .methodNotFound("prompts/get") }
    guard let name = params["name"]?.string else {
      throw .invalidParams("params.name must be a string.")
    }
    guard let prompt = prompts[name] else {
      throw .invalidParams("There is no prompt named \(name.prefix(100)).")
    }
    let arguments = try Self.promptArguments(params["arguments"])
    for argument in prompt.arguments(for: caller) where argument.isRequired {
      guard let value = arguments[argument.name], !value.trimmed.isEmpty else {
        throw .invalidParams("\(argument.name) is required.")
      }
    }
    let text = try ask("prompts/get") { try prompt.text(arguments, for: caller) }
    let message: JSONValue = [
      "role": "user", "content": ["type": "text", "text": .string(text)],
    ]
    return [
      "description": .string(type(of: prompt).description), "messages": [message],
    ]
  }

  private static func promptArguments(
    _ given: JSONValue?
  ) throws(ProtocolError) -> [String: String] {
    switch given {
    case nil, .null: return [:]
    case .object(let members):
      var arguments: [String: String] = [:]
      for (name, value) in members {
        guard let text = value.string else {
          throw .invalidParams("The arguments of a prompt are strings; \(name.prefix(64)) is not.")
        }
        arguments[name] = text
      }
      return arguments
    default: throw .invalidParams("params.arguments must be an object.")
    }
  }
}
