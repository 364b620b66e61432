internal import Records

// MARK: - Which era

extension HTTPEndpoint {
  /// Whether the version header alone makes a request a modern one.
  func isModern(_ head: HTTPHead) -> Bool {
    head.values("mcp-protocol-version").contains { !ProtocolVersion.handshake.contains($0) }
  }

  /// Either of header and body makes a request modern; a difference is then a mismatch.
  func isModern(_ head: HTTPHead, _ request: Request) -> Bool {
    if isModern(head) { return true }
    return request.method != "initialize" && Envelope.version(in: request.params) != nil
  }
}

// MARK: - Modern

extension HTTPEndpoint {
  func modern(_ head: HTTPHead, _ request: Request, _ identity: Identity) -> Outcome {
    do throws(ProtocolError) {
      try check(head, request)
    } catch {
      return .reply(HTTPReply(400, Response(request.id, error)))
    }
    let isListening = request.method == "subscriptions/listen"
    guard !isListening || head.accepts("text/event-stream") else {
      let error = ProtocolError.invalidRequest("A subscription is answered with text/event-stream.")
      return .reply(HTTPReply(406, Response(request.id, error)))
    }
    return .work(
      HTTPWork(
        request, .modern, Connection(server(for: identity)), in: self,
        streams: isListening
          ? .always : wantsProgress(head, request) ? .whenNotified : .never))
  }

  func wantsProgress(_ head: HTTPHead, _ request: Request) -> Bool {
    let meta = request.params["_meta"]
    return meta?["progressToken"] != nil && head.accepts("text/event-stream")
  }

  /// Holds the header lines of a modern request against its body.
  private func check(_ head: HTTPHead, _ request: Request) throws(ProtocolError) {
    let versions = head.values("mcp-protocol-version")
    if Envelope.version(in: request.params) == nil, let version = versions.first,
      !ProtocolVersion.modern.contains(version), !ProtocolVersion.handshake.contains(version)
    {
      // A message of the handshake era for a version that never was.
      throw .unsupportedVersion(version)
    }
    let version = try Envelope.requestedVersion(request.params)
    guard versions == [version] else {
      throw .headerMismatch("MCP-Protocol-Version must be there once, as in the body: \(version).")
    }
    guard head.values("mcp-method") == [request.method] else {
      throw .headerMismatch("Mcp-Method must be there once, as in the body.")
    }
    let name: String? =
      switch request.method {
      case "tools/call", "prompts/get": request.params["name"]?.string
      case "resources/read": request.params["uri"]?.string
      default: nil
      }
    guard let name else { return }
    guard let given = head.only("mcp-name"), HeaderText.decoded(given) == name else {
      throw .headerMismatch("Mcp-Name must be there once, as in the body.")
    }
  }
}

// MARK: - Handshake

extension HTTPEndpoint {
  func handshake(_ head: HTTPHead, _ message: Message, _ identity: Identity) -> Outcome {
    let session: HTTPSession?
    switch self.session(of: head, identity) {
    case .none: session = nil
    case .known(let known): session = known
    case .unknown: return .reply(Self.noSession)
    }
    guard case .request(let request) = message else {
      _ = session?.connection.receive(message, as: .handshake)
      return .reply(.accepted)
    }
    if request.method == "initialize" {
      let opened = sessions.open(server(for: identity), identity)
      return .work(
        HTTPWork(
          request, .handshake, opened.connection, in: self, streams: .never,
          fields: [("mcp-session-id", opened.id)]))
    }
    if session == nil, request.method.hasPrefix("resources/"), request.method.hasSuffix("subscribe")
    {
      let error = ProtocolError.invalidRequest("Subscribing needs the session of initialize.")
      return .reply(HTTPReply(400, Response(request.id, error)))
    }
    return .work(
      HTTPWork(
        request, .handshake, session?.connection ?? Connection(server(for: identity)), in: self,
        streams: wantsProgress(head, request) ? .whenNotified : .never))
  }

  private enum SessionState {
    /// None is named; a request needs none.
    case none
    case known(HTTPSession)
    case unknown
  }

  private func session(of head: HTTPHead, _ identity: Identity) -> SessionState {
    let ids = head.values("mcp-session-id")
    guard let id = ids.first else { return .none }
    guard ids.count == 1, let session = sessions.session(id, identity)
    else { return .unknown }
    return .known(session)
  }

  private static let noSession = HTTPReply.refusal(
    404, "There is no such session (any more): initialize again.")

  /// A GET opens the stream of a session, a DELETE ends the session.
  func screenSession(_ head: HTTPHead, _ identity: Identity) -> Screening {
    switch session(of: head, identity) {
    case .unknown: return .reply(withOrigin(Self.noSession, head))
    case .none: return .reply(withOrigin(Self.postOnly, head))
    case .known(let session):
      guard head.method == "GET" else {
        sessions.end(session)
        return .reply(withOrigin(HTTPReply(204), head))
      }
      guard head.accepts("text/event-stream") else {
        return .reply(withOrigin(Self.postOnly, head))
      }
      let channel = EventChannel()
      session.open(channel)
      return .stream(EventStream(channel: channel, identity: identity))
    }
  }
}
