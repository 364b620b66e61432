import Foundation
import MCPServer
import Records
import Testing

/// Who gets in, and how those are answered who do not.
@Suite struct EndpointIdentityTests {
  private let fixture = EndpointFixture(authenticator: SampleKeys())
  private let list = EndpointFixture.modern("tools/list")

  private func ask(
    _ authorization: String?, target: String = "/mcp", method: String = "POST"
  ) async -> EndpointFixture.Answer {
    await fixture.send(
      EndpointFixture.body("tools/list"),
      list + (authorization.map { [("Authorization", $0)] } ?? []), method: method, target: target)
  }

  @Test func `a key opens, under any spelling of its scheme`() async {
    for authorization in ["Bearer ana", "bearer ana", "BEARER   ana "] {
      #expect(await ask(authorization).status == 200)
    }
  }

  @Test(arguments: ["Bearer wrong", "Bearer", "Basic YW5hOmFuYQ==", "ana", "", "Bearer ana x"])
  func `whatever else is sent is refused with a challenge`(authorization: String) async {
    let answer = await ask(authorization)
    #expect(answer.status == 401)
    #expect(answer.fields["www-authenticate"]?.hasPrefix("Bearer error=\"invalid_token\"") == true)
  }

  @Test func `without a token there is a challenge without an error, on every method`() async {
    for method in ["POST", "GET", "DELETE"] {
      let answer = await ask(nil, method: method)
      #expect(answer.status == 401 && answer.fields["www-authenticate"] == "Bearer")
    }
    #expect(await ask(nil, target: "/mcp?access_token=ana").status == 401)
    let twice = list + [("Authorization", "Bearer ana"), ("Authorization", "Bearer ana")]
    #expect(await fixture.send(EndpointFixture.body("tools/list"), twice).status == 401)
  }

  @Test func `keys alone announce no authorization server`() async {
    let path = "/.well-known/oauth-protected-resource/mcp"
    #expect(await ask(nil, target: path, method: "GET").status == 404)
  }

  @Test func `where tokens are to be had is said to everybody`() async {
    let metadata = ProtectedResource(
      resource: "https://memory.lan/mcp", authorizationServers: ["https://issuer.lan"])
    let fixture = EndpointFixture(authenticator: SampleKeys(metadata: metadata))
    let path = "/.well-known/oauth-protected-resource/mcp"
    let document = await fixture.send("", [("Host", "localhost")], method: "GET", target: path)
    #expect(document.status == 200 && document.fields["access-control-allow-origin"] == "*")
    #expect(document.json["resource"] == "https://memory.lan/mcp")
    #expect(document.json["authorization_servers"] == ["https://issuer.lan"])
    let refused = await fixture.send(EndpointFixture.body("tools/list"), list)
    #expect(
      refused.fields["www-authenticate"]
        == "Bearer resource_metadata=\"https://memory.lan\(path)\", scope=\"memory:read\"")
  }

  @Test func `quotes in what is said of a token stay inside their string`() async {
    let challenge = await ask("Bearer wrong").fields["www-authenticate"] ?? ""
    #expect(challenge.contains(#"error_description="The token is \"wrong\".""#))
  }

  @Test func `whoever may only read is told what writing needs`() async {
    let fixture = EndpointFixture(authenticator: SampleKeys(), tools: [EchoTool(), AddingTool()])
    func call(_ tool: String, _ token: String) async -> EndpointFixture.Answer {
      await fixture.modern(
        "tools/call", #""name":"\#(tool)","arguments":{"text":"a"}"#,
        lines: EndpointFixture.modern("tools/call", tool) + [("Authorization", "Bearer \(token)")])
    }
    #expect(await call("echo", "reader").status == 200)
    let refused = await call("add", "reader")
    #expect(refused.status == 403)
    #expect(
      refused.fields["www-authenticate"]?.hasPrefix("Bearer error=\"insufficient_scope\"") == true)
    #expect(await call("add", "ana").status == 200)
  }

  @Test func `the session of one credential is unknown to another`() async throws {
    func send(_ body: String, _ token: String, _ session: String?, method: String = "POST") async
      -> EndpointFixture.Answer
    {
      await fixture.send(
        body,
        EndpointFixture.plain + [("Authorization", "Bearer \(token)")]
          + (session.map { [("Mcp-Session-Id", $0)] } ?? []), method: method)
    }
    let initialize =
      #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
    let id = try #require(await send(initialize, "ana", nil).fields["mcp-session-id"])
    let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    #expect(await send(ping, "ana", id).status == 200)
    let foreign = await send(ping, "ben", id)
    let unknown = await send(ping, "ben", String(id.reversed()))
    #expect(foreign.status == 404 && foreign.text == unknown.text)
    #expect(await send("", "ben", id, method: "DELETE").status == 404)
    #expect(await send("", "ben", id, method: "GET").status == 404)
    #expect(await send(ping, "ana", id).status == 200)
  }

  @Test func `a session is as unknown to a token of the same user that allows less`() async throws {
    func send(_ body: String, _ token: String, _ session: String?, method: String = "POST") async
      -> EndpointFixture.Answer
    {
      await fixture.send(
        body,
        EndpointFixture.plain + [("Authorization", "Bearer \(token)")]
          + (session.map { [("Mcp-Session-Id", $0)] } ?? []), method: method)
    }
    let opened = await send(EndpointFixture.initialize, "ana", nil)
    let id = try #require(opened.fields["mcp-session-id"])
    let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    for method in ["POST", "GET", "DELETE"] {
      #expect(await send(ping, "ana-reads", id, method: method).status == 404)
    }
    #expect(await send(ping, "ana", id).status == 200)
  }

  @Test func `pages of any origin learn where tokens are to be had, behind any path`() async {
    let metadata = ProtectedResource(
      resource: "https://lan/memory/mcp", authorizationServers: ["https://issuer.lan"])
    let fixture = EndpointFixture(authenticator: SampleKeys(metadata: metadata))
    let page = [("Host", "localhost"), ("Origin", "https://elsewhere.example")]
    let place = "/.well-known/oauth-protected-resource"
    for target in ["", "/mcp", "/memory/mcp"].flatMap({ [place + $0, "/memory" + place + $0] }) {
      let document = await fixture.send("", page, method: "GET", target: target)
      #expect(document.status == 200 && document.fields["access-control-allow-origin"] == "*")
      #expect(document.json["resource"] == "https://lan/memory/mcp")
      #expect(await fixture.send("", page, method: "OPTIONS", target: target).status == 204)
    }
    for target in ["/other" + place, place + "/other/mcp", "/memory" + place + "x"] {
      #expect(await fixture.send("", page, method: "GET", target: target).status == 404)
    }
    let refused = await fixture.send(EndpointFixture.body("tools/list"), list)
    #expect(
      refused.fields["www-authenticate"]?.contains(
        "resource_metadata=\"https://lan\(place)/memory/mcp\"") == true)
  }

  @Test func `each identity reads its own`() async {
    func read(_ uri: String, _ token: String) async -> EndpointFixture.Answer {
      await fixture.modern(
        "resources/read", #""uri":"\#(uri)""#,
        lines: EndpointFixture.modern("resources/read", uri)
          + [("Authorization", "Bearer \(token)")])
    }
    #expect(await read("sample://ana/a", "ana").status == 200)
    let foreign = await read("sample://ben/a", "ana")
    let unknown = await read("sample://ben/x", "ana")
    #expect(foreign.status == 400 && foreign.code == -32602)
    #expect(foreign.text.replacing("ben/a", with: "ben/x") == unknown.text)
    #expect(await read("sample://ben/a", "admin").status == 200)
  }
}

/// A tool that writes.
struct AddingTool: Tool {
  struct Output: Codable, Sendable { let done: Bool }

  struct Input: ToolInput {
    init(_ arguments: inout ArgumentReader) throws {
      _ = try arguments.optional("text", .text(0...100), "Anything.")
    }
  }

  static let name = "add"
  static let title = "Add"
  static let description = "Call this to add."
  static let annotations = ToolAnnotations.adds

  func call(_ input: Input, _ context: ToolContext) throws -> Output { Output(done: true) }
}
