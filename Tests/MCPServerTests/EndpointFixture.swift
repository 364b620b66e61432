import Foundation
import MCPServer
import Records
import Testing

/// Keys of two users and an administrator; anybody else is refused.
struct SampleKeys: Authenticator {
  var metadata: ProtectedResource?

  var isOpen: Bool { false }

  func identity(for token: String?) throws(CredentialsRefusal) -> Identity {
    switch token {
    case nil: throw .missing
    case "ana", "ben":
      return Identity(
        caller: .bound(UserID(stored: token ?? "")), access: [.read, .write],
        credential: token ?? "")
    case "reader":
      return Identity(
        caller: .bound(UserID(stored: "ana")), access: .read, credential: "reader")
    case "ana-reads":
      return Identity(
        caller: .bound(UserID(stored: "ana")), access: .read, credential: "ana")
    case "admin":
      return Identity(
        caller: .unbound(default: nil), access: [.read, .write, .administer], credential: "admin")
    default: throw .invalid("The token is \"wrong\".")
    }
  }
}

/// An endpoint without a socket.
struct EndpointFixture {
  let endpoint: HTTPEndpoint
  let library = SampleLibrary(["sample://ana/a": "of ana", "sample://ben/a": "of ben"])

  init(
    _ rules: HTTPRules = HTTPRules(),
    authenticator: any Authenticator = OpenDoor(.unbound(default: nil)),
    tools: [any Tool] = [EchoTool()]
  ) {
    let library = library
    endpoint = HTTPEndpoint(rules, authenticator: authenticator) { caller in
      fullServer(library, tools: tools, caller: caller)
    }
  }

  static let plain: [(String, String)] = [
    ("Host", "127.0.0.1:8765"), ("Content-Type", "application/json"),
    ("Accept", "application/json, text/event-stream"),
  ]

  /// The lines of a modern request.
  static func modern(_ method: String, _ name: String? = nil) -> [(String, String)] {
    plain + [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
      + (name.map { [("Mcp-Name", $0)] } ?? [])
  }

  struct Answer {
    let status: Int
    let fields: [String: String]
    let text: String

    var json: JSONValue { (try? JSON.value(from: text)) ?? .null }
    var code: JSONValue? { json["error"]?["code"] }
  }

  /// What a request is answered; a stream that stays open has status 0.
  func send(
    _ body: String, _ lines: [(String, String)] = plain, method: String = "POST",
    target: String = "/mcp"
  ) async -> Answer {
    let head = HTTPHead(
      method: method, target: target, fields: lines.map { (name: $0.0, value: $0.1) })
    switch await endpoint.screen(head) {
    case .reply(let reply): return Self.answer(reply)
    case .stream: return Answer(status: 0, fields: [:], text: "")
    case .accepted(let identity):
      switch endpoint.receive(head, Array(body.utf8), from: identity) {
      case .reply(let reply): return Self.answer(reply)
      case .work(let work):
        defer { work.end() }
        if work.streaming == .always {
          work.stream()
          return Answer(status: 0, fields: [:], text: "")
        }
        guard let reply = work.reply() else { return Answer(status: -1, fields: [:], text: "") }
        return Self.answer(endpoint.withOrigin(reply, head))
      }
    }
  }

  /// The work that a request of the handshake era makes, begun and not yet done.
  func work(_ body: String, _ lines: [(String, String)]) async -> HTTPWork? {
    let head = HTTPHead(
      method: "POST", target: "/mcp", fields: lines.map { (name: $0.0, value: $0.1) })
    guard case .accepted(let identity) = await endpoint.screen(head),
      case .work(let work) = endpoint.receive(head, Array(body.utf8), from: identity)
    else { return nil }
    return work
  }

  static let initialize =
    #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#

  func modern(
    _ method: String, _ params: String = "", name: String? = nil,
    lines: [(String, String)]? = nil
  ) async -> Answer {
    await send(Self.body(method, params), lines ?? Self.modern(method, name))
  }

  static func body(_ method: String, _ params: String = "") -> String {
    #"{"jsonrpc":"2.0","id":"i","method":"\#(method)","#
      + #""params":{\#(Exchange.envelope)\#(params.isEmpty ? "" : ",")\#(params)}}"#
  }

  private static func answer(_ reply: HTTPReply) -> Answer {
    Answer(
      status: reply.status,
      fields: Dictionary(reply.fields.map { ($0.name, $0.value) }) { $0 + ", " + $1 },
      text: String(decoding: reply.body, as: UTF8.self))
  }
}

extension [(String, String)] {
  /// The lines without those of a name.
  func without(_ name: String) -> Self { filter { $0.0.lowercased() != name.lowercased() } }
}
