internal import Foundation
package import Records
internal import Synchronization

/// The endpoint of Streamable HTTP, in both eras, without a socket: heads and bodies in, replies out.
package final class HTTPEndpoint: Sendable {
  let rules: HTTPRules
  let authenticator: any Authenticator
  let sessions: HTTPSessions
  private let servers: @Sendable (Caller) -> ProtocolServer
  private let underWay = Mutex(UnderWay())

  /// Requests whose answers are being made, each by a number of its own: a client of the handshake era
  /// has many on one connection.
  private struct UnderWay {
    var next = 0
    var works: [Int: (connection: Connection, stream: EventChannel?)] = [:]
  }

  /// - Parameter servers: the server for a caller; asked for each request.
  package init(
    _ rules: HTTPRules, authenticator: any Authenticator,
    servers: @escaping @Sendable (Caller) -> ProtocolServer
  ) {
    self.rules = rules
    self.authenticator = authenticator
    self.servers = servers
    sessions = HTTPSessions()
  }

  /// What is known of a request before its body is read.
  package enum Screening: Sendable {
    case reply(HTTPReply)
    /// Its body is wanted.
    case accepted(Identity)
    /// A stream of events is opened.
    case stream(EventStream)
  }

  /// What becomes of a request.
  package enum Outcome: Sendable {
    case reply(HTTPReply)
    case work(HTTPWork)
  }

  // MARK: Before the body

  /// Looks at a head: whom it is addressed to, who it is from, what it asks for.
  package func screen(_ head: HTTPHead) async -> Screening {
    guard rules.allows(host: head.only("host")) else {
      return .reply(.refusal(421, "This server is not called that."))
    }
    // Which pages may ask does not matter where everybody may.
    if let metadata = metadataReply(head) { return .reply(metadata) }
    let origins = head.values("origin")
    guard origins.allSatisfy(rules.allows(origin:)), origins.count <= 1 else {
      return .reply(.refusal(403, "Pages of this origin may not ask."))
    }
    if let open = openReply(head) { return .reply(withOrigin(open, head)) }
    let identity: Identity
    do throws(CredentialsRefusal) {
      identity = try await authenticator.identity(for: token(of: head))
    } catch {
      return .reply(withOrigin(challenge(error), head))
    }
    switch head.method {
    case "POST":
      if let refusal = refusal(ofPost: head) { return .reply(withOrigin(refusal, head)) }
      return .accepted(identity)
    case "GET", "DELETE":
      return isModern(head) ? .reply(Self.postOnly) : screenSession(head, identity)
    default:
      return .reply(
        .refusal(405, "Only POST, GET and DELETE.", fields: [("allow", "POST, GET, DELETE")]))
    }
  }

  /// Whether the credentials of a request would still be accepted.
  package func isStillValid(_ head: HTTPHead, _ identity: Identity) async -> Bool {
    do throws(CredentialsRefusal) {
      return try await authenticator.identity(for: token(of: head)) == identity
    } catch .unavailable {
      return true
    } catch {
      return false
    }
  }

  /// More than one `Authorization` line is as good as a malformed one.
  private func token(of head: HTTPHead) -> String? {
    head.values("authorization").isEmpty ? nil : head.bearerToken ?? ""
  }

  static let postOnly = HTTPReply.refusal(405, "Only POST.", fields: [("allow", "POST")])

  /// What anybody is answered, without credentials.
  private func openReply(_ head: HTTPHead) -> HTTPReply? {
    let isReading = head.method == "GET" || head.method == "HEAD"
    switch head.path {
    case HTTPRules.path, HTTPRules.path + "/":
      guard head.method == "OPTIONS" else { return nil }
      return HTTPReply(
        204,
        fields: [
          ("allow", "POST, GET, DELETE, OPTIONS"),
          ("access-control-allow-methods", "POST, GET, DELETE"),
          (
            "access-control-allow-headers",
            "content-type, accept, authorization, mcp-protocol-version, mcp-method, mcp-name, "
              + "mcp-session-id, last-event-id"
          ),
          ("access-control-max-age", "3600"),
        ])
    case "/":
      guard isReading else { return .refusal(405, "Only GET.", fields: [("allow", "GET, HEAD")]) }
      return HTTPReply(
        200, fields: [("content-type", "text/plain; charset=utf-8")],
        body: Array("Recollect: an MCP server. Its endpoint is \(HTTPRules.path).\n".utf8))
    default: return .refusal(404, "There is nothing here; the endpoint is \(HTTPRules.path).")
    }
  }

  private func refusal(ofPost head: HTTPHead) -> HTTPReply? {
    let type = head.only("content-type")?.lowercased().prefix { $0 != ";" && $0 != " " }
    guard type == "application/json" else {
      return .refusal(415, "The body must be application/json.")
    }
    guard head.accepts("application/json") || head.accepts("text/event-stream") else {
      return .refusal(406, "Accept must list application/json and text/event-stream.")
    }
    if let length = head.only("content-length").flatMap(Int.init), length > rules.bodyLimit {
      return tooLarge
    }
    return nil
  }

  /// The most bytes of a body.
  package var bodyLimit: Int { rules.bodyLimit }

  /// What a body beyond the limit is answered.
  package var tooLarge: HTTPReply {
    .refusal(
      413, "A message has at most \(rules.bodyLimit) bytes.", fields: [("connection", "close")])
  }

  /// What a body that does not come is answered.
  package static let tooSlow = HTTPReply.refusal(
    408, "The body did not come in time.", fields: [("connection", "close")])

  /// Says which page may read the reply.
  package func withOrigin(_ reply: HTTPReply, _ head: HTTPHead) -> HTTPReply {
    var reply = reply
    reply.fields += originFields(head)
    return reply
  }

  package func originFields(_ head: HTTPHead) -> [(name: String, value: String)] {
    guard let origin = head.only("origin") else { return [] }
    return [
      ("access-control-allow-origin", origin), ("vary", "origin"),
      ("access-control-expose-headers", "mcp-session-id, www-authenticate"),
    ]
  }

  // MARK: With the body

  /// Takes a message; the reply may take any time to make.
  package func receive(_ head: HTTPHead, _ body: [UInt8], from identity: Identity) -> Outcome {
    let outcome = self.outcome(head, Message(body), identity)
    guard case .reply(let reply) = outcome else { return outcome }
    return .reply(withOrigin(reply, head))
  }

  private func outcome(_ head: HTTPHead, _ message: Message, _ identity: Identity) -> Outcome {
    switch message {
    case .malformed(let response): return .reply(HTTPReply(400, response))
    case .response:
      guard isModern(head) else { return .reply(.accepted) }
      return .reply(.refusal(400, "This server asks nothing, so there is nothing to answer."))
    case .notice:
      return isModern(head) ? .reply(.accepted) : handshake(head, message, identity)
    case .request(let request):
      if let refusal = refusal(of: request, identity) { return .reply(refusal) }
      return isModern(head, request)
        ? modern(head, request, identity) : handshake(head, message, identity)
    }
  }

  func server(for identity: Identity) -> ProtocolServer { servers(identity.caller) }

  // MARK: What is under way

  /// Remembers who has something under way, to end it when the server does.
  ///
  /// - Parameter stream: ends when the server does, even though its request has no answer.
  /// - Returns: what to leave by.
  func enter(_ connection: Connection, _ stream: EventChannel?) -> Int {
    underWay.withLock { underWay in
      underWay.next += 1
      underWay.works[underWay.next] = (connection, stream)
      return underWay.next
    }
  }

  func leave(_ work: Int) {
    underWay.withLock { $0.works[work] = nil }
  }

  /// Ends every subscription and every session; what is under way goes on to its answer.
  package func endStreams() {
    for (connection, stream) in underWay.withLock({ Array($0.works.values) }) {
      connection.endSubscriptions()
      stream?.finish()
    }
    sessions.endAll()
  }

  /// Gives up whatever is still under way.
  package func cancelAll() {
    for (connection, stream) in underWay.withLock({ Array($0.works.values) }) {
      connection.cancelAll()
      stream?.finish()
    }
  }
}
