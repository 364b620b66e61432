internal import Records

extension ProtocolServer {
  /// All tools on one page, so no cursor was ever given out.
  func listTools(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    try Self.refuseCursor(params, "tools")
    return ["tools": .array(tools.definitions)]
  }

  /// The result of a call, also when it failed: only an unknown tool and parameters that are no
  /// call at all are errors of the protocol.
  func callTool(
    _ params: [String: JSONValue], _ context: ToolContext
  ) throws(ProtocolError) -> ResultBody {
    guard let name = params["name"]?.string else {
      throw .invalidParams("params.name must be a string.")
    }
    guard let tool = tools[name] else {
      throw .invalidParams("There is no tool named \(name.prefix(100)).")
    }
    let arguments: [String: JSONValue]
    switch params["arguments"] {
    case nil, .null: arguments = [:]
    case .object(let members): arguments = members
    default: throw .invalidParams("params.arguments must be an object.")
    }
    do {
      let output = try tool.call(arguments, context)
      if !tool.isReadOnly { watch?.lookSoon() }
      return ResultBody(["isError": false], structured: output)
    } catch {
      let failure = ToolFailure(error)
      if failure.code == .internal && !(error is CancellationError) { log("\(name): \(error)") }
      return ResultBody(["content": Self.content(failure.text), "isError": true])
    }
  }

  private static func content(_ text: String) -> JSONValue {
    [["type": "text", "text": .string(text)]]
  }
}

extension ProtocolServer {
  /// Whether a request only reads, and whether it is for administrators: what a token's scopes are
  /// held against. Unknown tools only read, so that they are answered as unknown.
  package func needs(of request: Request) -> Access {
    guard request.method == "tools/call", let name = request.params["name"]?.string,
      let tool = tools[name]
    else { return .read }
    if tool.isAdministrative { return [.read, .administer] }
    return tool.isReadOnly ? .read : [.read, .write]
  }
}
