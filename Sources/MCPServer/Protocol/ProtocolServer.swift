package import Records

/// Answers requests of both eras for one caller.
///
/// It remembers nothing between requests, so any thread of any transport may ask it at any time.
/// What belongs to a connection, such as cancelling a request in flight, is `Connection`'s.
package struct ProtocolServer: Sendable {
  let info: ServerInfo
  let instructions: String
  let tools: ToolRegistry
  let caller: Caller
  let log: @Sendable (String) -> Void

  /// Describes the tools once; they are listed in the order given.
  ///
  /// - Parameter instructions: tells the model when to use the tools.
  /// - Parameter log: takes one line about a failure that the caller is not told the details of.
  /// - Precondition: names of tools are different, and each tool's input and output can be
  ///   described.
  package init(
    info: ServerInfo, instructions: String, tools: [any Tool], caller: Caller,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.info = info
    self.instructions = instructions
    self.tools = ToolRegistry(tools, for: caller)
    self.caller = caller
    self.log = log
  }

  /// The answer to a request, on the calling thread.
  ///
  /// - Parameter era: what the transport knows of the way this request talks; nil leaves it to the
  ///   request.
  /// - Parameter notify: takes the notifications that come before the answer.
  package func answer(
    _ request: Request, as era: Era? = nil, cancellation: Cancellation = Cancellation(),
    notify: @escaping @Sendable (JSONValue) -> Void = { _ in }
  ) -> Response {
    let context = ToolContext(
      caller: caller, cancellation: cancellation,
      progress: Progress(request.params, send: notify))
    do throws(ProtocolError) {
      let result =
        switch era ?? Era(of: request) {
        case .handshake: try handshakeResult(of: request, context)
        case .modern: try modernResult(of: request, context)
        }
      return Response(request.id, result: result)
    } catch {
      return Response(request.id, error)
    }
  }

  /// What is declared is served, what is not declared is an unknown method.
  var capabilities: JSONValue { ["tools": ["listChanged": false]] }
}

// MARK: - Handshake

extension ProtocolServer {
  private func handshakeResult(
    of request: Request, _ context: ToolContext
  ) throws(ProtocolError) -> [String: JSONValue] {
    switch request.method {
    case "initialize":
      [
        "protocolVersion": .string(
          ProtocolVersion.negotiated(request.params["protocolVersion"]?.string)),
        "capabilities": capabilities,
        "serverInfo": info.json,
        "instructions": .string(instructions),
      ]
    case "ping": [:]
    case "tools/list": try listTools(request.params)
    case "tools/call": try callTool(request.params, context)
    default: throw .methodNotFound(request.method)
    }
  }
}

// MARK: - Modern

extension ProtocolServer {
  private func modernResult(
    of request: Request, _ context: ToolContext
  ) throws(ProtocolError) -> [String: JSONValue] {
    try Envelope.check(request.params)
    switch request.method {
    case "server/discover":
      let result: [String: JSONValue] = [
        "supportedVersions": .array(ProtocolVersion.modern.map(JSONValue.string)),
        "capabilities": capabilities,
        "instructions": .string(instructions),
      ]
      return modern(result, freshFor: 60_000)
    case "tools/list": return modern(try listTools(request.params), freshFor: 300_000)
    case "tools/call": return modern(try callTool(request.params, context))
    default: throw .methodNotFound(request.method)
    }
  }

  /// The result with what this era wants on it.
  ///
  /// - Parameter milliseconds: how long a client may keep the answer; nil for one that is not kept.
  private func modern(
    _ result: [String: JSONValue], freshFor milliseconds: Int64? = nil
  ) -> [String: JSONValue] {
    var result = result
    result["resultType"] = "complete"
    result["_meta"] = .object([Envelope.prefix + "serverInfo": info.json])
    if let milliseconds {
      result["ttlMs"] = .integer(milliseconds)
      // What a caller is shown is nobody else's to see.
      result["cacheScope"] = "private"
    }
    return result
  }
}
