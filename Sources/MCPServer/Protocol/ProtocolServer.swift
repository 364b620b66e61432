package import Records

/// Answers requests of both eras for one caller.
///
/// It remembers nothing between requests, so any thread of any transport may ask it at any time.
/// What belongs to a connection, such as cancelling a request in flight, is `Connection`'s.
package struct ProtocolServer: Sendable {
  let info: ServerInfo
  let instructions: String
  let tools: ToolRegistry
  let library: (any Library)?
  let prompts: PromptShelf?
  let watch: ResourceWatch?
  package let caller: Caller
  let log: @Sendable (String) -> Void

  /// Describes the tools once; they are listed in the order given.
  ///
  /// - Parameter instructions: tells the model when to use the tools.
  /// - Parameter library: the resources; without it none are declared.
  /// - Parameter prompts: without them none are declared.
  /// - Parameter watch: tells subscribers of changes; without it nothing can be subscribed to.
  /// - Parameter log: takes one line about a failure that the caller is not told the details of.
  /// - Precondition: names of tools are different, and each tool's input and output can be
  ///   described.
  package init(
    info: ServerInfo, instructions: String, tools: [any Tool], library: (any Library)? = nil,
    prompts: [any Prompt] = [], watch: ResourceWatch? = nil, caller: Caller,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.info = info
    self.instructions = instructions
    self.tools = ToolRegistry(tools, for: caller)
    self.library = library
    self.prompts = prompts.isEmpty ? nil : PromptShelf(prompts)
    self.watch = library == nil ? nil : watch
    self.caller = caller
    self.log = log
  }

  private init(_ other: ProtocolServer, caller: Caller) {
    info = other.info
    instructions = other.instructions
    tools = other.tools
    library = other.library
    prompts = other.prompts
    watch = other.watch
    log = other.log
    self.caller = caller
  }

  /// The same server for another caller who is shown the same tools.
  ///
  /// - Precondition: both callers are bound to one user, or neither is.
  package func serving(_ caller: Caller) -> ProtocolServer { ProtocolServer(self, caller: caller) }

  /// Whether answering takes no longer than reading the request did; the rest may take any time.
  static func isQuick(_ method: String) -> Bool {
    switch method {
    case "tools/call", "resources/list", "resources/read", "prompts/get", "completion/complete":
      false
    default: true
    }
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
    let era = era ?? Era(of: request)
    do throws(ProtocolError) {
      let result =
        switch era {
        case .handshake: try handshakeResult(of: request, context)
        case .modern: try modernResult(of: request, context)
        }
      return Response(request.id, result: result)
    } catch {
      return Response(request.id, error)
    }
  }

  /// What is declared is served, what is not declared is an unknown method.
  var capabilities: JSONValue {
    var capabilities: [String: JSONValue] = ["tools": ["listChanged": false]]
    if library != nil {
      let isWatched = JSONValue.bool(watch != nil)
      capabilities["resources"] = ["subscribe": isWatched, "listChanged": isWatched]
    }
    if prompts != nil { capabilities["prompts"] = ["listChanged": false] }
    if library != nil || prompts != nil { capabilities["completions"] = [:] }
    return .object(capabilities)
  }

  /// What both eras serve; nil for a method that neither or only one of them knows.
  private func sharedResult(
    of request: Request, _ context: ToolContext, _ era: Era
  ) throws(ProtocolError) -> ResultBody? {
    switch request.method {
    case "tools/list": ResultBody(try listTools(request.params))
    case "tools/call": try callTool(request.params, context)
    case "resources/list": ResultBody(try listResources(request.params))
    case "resources/templates/list": ResultBody(try listTemplates(request.params))
    case "resources/read": ResultBody(try readResource(request.params, era))
    case "prompts/list": ResultBody(try listPrompts(request.params))
    case "prompts/get": ResultBody(try getPrompt(request.params))
    case "completion/complete": ResultBody(try complete(request.params))
    default: nil
    }
  }
}

// MARK: - Handshake

extension ProtocolServer {
  private func handshakeResult(
    of request: Request, _ context: ToolContext
  ) throws(ProtocolError) -> ResultBody {
    switch request.method {
    case "initialize":
      return ResultBody([
        "protocolVersion": .string(
          ProtocolVersion.negotiated(request.params["protocolVersion"]?.string)),
        "capabilities": capabilities,
        "serverInfo": info.json,
        "instructions": .string(instructions),
      ])
    case "ping": return ResultBody([:])
    default:
      guard let result = try sharedResult(of: request, context, .handshake) else {
        throw .methodNotFound(request.method)
      }
      return result
    }
  }
}

// MARK: - Modern

extension ProtocolServer {
  private func modernResult(
    of request: Request, _ context: ToolContext
  ) throws(ProtocolError) -> ResultBody {
    try Envelope.check(request.params)
    if request.method == "server/discover" {
      let result: [String: JSONValue] = [
        "supportedVersions": .array(ProtocolVersion.modern.map(JSONValue.string)),
        "capabilities": capabilities,
        "instructions": .string(instructions),
      ]
      return modern(ResultBody(result), freshFor: 60_000, by: info.json)
    }
    guard let result = try sharedResult(of: request, context, .modern) else {
      throw .methodNotFound(request.method)
    }
    return modern(result, freshFor: Self.freshness(request.method), by: info.stamp)
  }

  /// For how many milliseconds a client may keep the answer; nil for one that is not kept.
  private static func freshness(_ method: String) -> Int64? {
    switch method {
    case "tools/list", "prompts/list", "resources/templates/list": 300_000
    // Memories come and go; whoever wants to know at once subscribes.
    case "resources/list", "resources/read": 0
    default: nil
    }
  }

  /// The result with what this era wants on it.
  private func modern(
    _ result: ResultBody, freshFor milliseconds: Int64?, by stamp: JSONValue
  ) -> ResultBody {
    var result = result
    result.members["resultType"] = "complete"
    result.members["_meta"] = .object([Envelope.prefix + "serverInfo": stamp])
    if let milliseconds {
      result.members["ttlMs"] = .integer(milliseconds)
      // What a caller is shown is nobody else's to see.
      result.members["cacheScope"] = "private"
    }
    return result
  }
}

extension ProtocolServer {
  /// How many subscriptions there are, over all connections.
  package var subscriptionCount: Int { watch?.count ?? 0 }
}
