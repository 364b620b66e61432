import Foundation
import MCPServer
import Records
import Testing

/// Which request is answered how, before any socket.
@Suite struct EndpointTests {
  private let fixture = EndpointFixture()
  private let list = EndpointFixture.modern("tools/list")

  // MARK: Guards

  @Test(arguments: [
    ("127.0.0.1:8765", 200), ("localhost", 200), ("[::1]:1", 200), ("LOCALHOST:80", 200),
    ("evil.example.com", 421), ("127.0.0.1.evil.com", 421), ("user@127.0.0.1", 421),
    ("127.0.0.1:x", 421), ("", 421),
  ])
  func `only names of this server are listened to`(host: String, status: Int) async {
    let lines = [("Host", host)] + list.without("host")
    #expect(await fixture.modern("tools/list", lines: lines).status == status)
  }

  @Test func `a host that is missing or repeated is refused`() async {
    #expect(await fixture.modern("tools/list", lines: list.without("host")).status == 421)
    #expect(
      await fixture.modern("tools/list", lines: list + [("Host", "localhost")]).status == 421)
  }

  @Test(arguments: [
    ("http://127.0.0.1:8765", 200), ("http://localhost:3000", 200), ("https://[::1]", 200),
    ("https://memory.lan", 200), ("http://pages.lan:80", 200), ("http://evil.example", 403),
    ("null", 403), ("http://pages.lan", 403), ("http://127.0.0.1.evil.example", 403),
    ("file://localhost", 403),
  ])
  func `only pages of this server may ask`(origin: String, status: Int) async {
    let fixture = EndpointFixture(
      HTTPRules(hosts: ["memory.lan"], origins: ["http://pages.lan:80"]))
    let answer = await fixture.modern("tools/list", lines: list + [("Origin", origin)])
    #expect(answer.status == status)
    if status == 200 { #expect(answer.fields["access-control-allow-origin"] == origin) }
    let preflight = await fixture.send(
      "", [("Host", "localhost"), ("Origin", origin)],
      method: "OPTIONS")
    #expect(preflight.status == (status == 200 ? 204 : 403))
  }

  @Test func `methods, kinds of content and sizes`() async {
    for (method, status) in [
      ("PUT", 405), ("PATCH", 405), ("HEAD", 405), ("GET", 405),
      ("DELETE", 405),
    ] {
      #expect(await fixture.send("", method: method).status == status)
      #expect(await fixture.send("", list, method: method).status == status)
    }
    #expect(await fixture.send("", list, method: "GET").fields["allow"] == "POST")
    for type in ["text/plain", "application/jsonp", ""] {
      let lines = list.without("content-type") + [("Content-Type", type)]
      #expect(await fixture.modern("tools/list", lines: lines).status == 415)
    }
    let charset =
      list.without("content-type") + [
        ("Content-Type", "application/json; charset=utf-8")
      ]
    #expect(await fixture.modern("tools/list", lines: charset).status == 200)
    for (accept, status) in [
      ("text/html", 406), ("application/json", 200), ("*/*", 200),
      ("application/*;q=0.5", 200), ("text/event-stream", 200),
    ] {
      let lines = list.without("accept") + [("Accept", accept)]
      #expect(await fixture.modern("tools/list", lines: lines).status == status, "\(accept)")
    }
    #expect(await fixture.send("x", list + [("Content-Length", "4194305")]).status == 413)
    #expect(await fixture.send("x", list + [("Content-Length", "4194304")]).status == 400)
    #expect(await fixture.send("", target: "/mcp/../etc").status == 404)
    #expect(await fixture.send("", method: "GET", target: "/").status == 200)
    #expect(
      await fixture.send(EndpointFixture.body("tools/list"), list, target: "/mcp/").status
        == 200)
  }

  @Test func `what is no message is refused, and says so in JSON`() async {
    for (body, code) in [("{not json", -32700), ("[]", -32600), ("5", -32600), ("", -32700)] {
      let answer = await fixture.send(body)
      #expect(answer.status == 400 && answer.code == .integer(Int64(code)))
      #expect(answer.json["id"] == .null)
    }
  }

  // MARK: Modern

  @Test func `headers and body must say the same`() async {
    let call = #""name":"echo","arguments":{"text":"a"}"#
    let good = EndpointFixture.modern("tools/call", "echo")
    #expect(await fixture.modern("tools/call", call, lines: good).status == 200)
    let encoded = good.without("mcp-name") + [("Mcp-Name", "=?base64?ZWNobw==?=")]
    #expect(await fixture.modern("tools/call", call, lines: encoded).status == 200)
    let spaced = good.without("mcp-name") + [("Mcp-Name", "  echo\t")]
    #expect(await fixture.modern("tools/call", call, lines: spaced).status == 200)
    for lines in [
      good.without("mcp-method"), good.without("mcp-name"),
      good.without("mcp-method") + [("Mcp-Method", "TOOLS/CALL")],
      good.without("mcp-method") + [("Mcp-Method", "tools/list")],
      good + [("Mcp-Method", "tools/call")], good + [("Mcp-Name", "echo")],
      good.without("mcp-name") + [("Mcp-Name", "other")],
      good.without("mcp-name") + [("Mcp-Name", "=?base64?ZWNobw?=")],
      good.without("mcp-name") + [("Mcp-Name", "=?base64?ZW!!obw==?=")],
      good.without("mcp-name") + [("Mcp-Name", "=?base64?ZWNobx==?=")],
      good.without("mcp-name") + [("Mcp-Name", "=?BASE64?ZWNobw==?=")],
      good.without("mcp-protocol-version"),
      good.without("mcp-protocol-version") + [("MCP-Protocol-Version", "2025-11-25")],
      good + [("MCP-Protocol-Version", "2026-07-28")],
    ] {
      let answer = await fixture.modern("tools/call", call, lines: lines)
      #expect(answer.status == 400 && answer.code == -32020, "\(lines)")
      #expect(answer.json["id"] == "i")
    }
  }

  @Test func `addresses and prompts are named in a header too`() async {
    let read = #""uri":"sample://ana/a""#
    #expect(await fixture.modern("resources/read", read, name: "sample://ana/a").status == 200)
    #expect(await fixture.modern("resources/read", read, name: "sample://ana/b").code == -32020)
    let prompt = #""name":"say","arguments":{"name":"x"}"#
    #expect(await fixture.modern("prompts/get", prompt, name: "say").status == 200)
    #expect(await fixture.modern("prompts/get", prompt).code == -32020)
  }

  @Test func `versions and envelopes`() async {
    func version(_ version: String, header: String? = nil) async -> EndpointFixture.Answer {
      await fixture.send(
        EndpointFixture.body("tools/list").replacing("2026-07-28", with: version),
        list.without("mcp-protocol-version")
          + [("MCP-Protocol-Version", header ?? version)])
    }
    let unknown = await version("v999.0.0")
    #expect(unknown.status == 400 && unknown.code == -32022)
    #expect(unknown.json["error"]?["data"]?["requested"] == "v999.0.0")
    #expect(await version("v999.0.0", header: "2026-07-28").code == -32020)
    for meta in [
      "{}", #"{"_meta":{}}"#,
      #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
      #"{"_meta":{"io.modelcontextprotocol/protocolVersion":5,"#
        + #""io.modelcontextprotocol/clientCapabilities":{}}}"#,
    ] {
      let answer = await fixture.send(
        #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":\#(meta)}"#, list)
      #expect(answer.status == 400 && answer.code == -32602, "\(meta)")
    }
    let old = await fixture.send(
      #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
      EndpointFixture.plain + [("MCP-Protocol-Version", "1999-01-01")])
    #expect(old.status == 400 && old.text.contains("Unsupported protocol version"))
  }

  @Test(arguments: [
    "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
    "unheard/of", "tasks/list",
  ])
  func `methods of the other era are unknown`(method: String) async {
    let answer = await fixture.modern(method, #""uri":"sample://ana/a""#)
    #expect(answer.status == 404 && answer.code == -32601 && answer.json["id"] == "i")
  }

  @Test func `messages that want no answer get none, and answers are not wanted`() async {
    let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}"#
    for lines in [EndpointFixture.plain, list] {
      let answer = await fixture.send(notice, lines)
      #expect(answer.status == 202 && answer.text.isEmpty)
    }
    let response = #"{"jsonrpc":"2.0","id":1,"result":{}}"#
    #expect(await fixture.send(response, list).status == 400)
    #expect(await fixture.send(response).status == 202)
  }

  @Test func `sessions mean nothing to the modern era`() async {
    let lines = list + [("Mcp-Session-Id", "stale"), ("Last-Event-ID", "7")]
    let answer = await fixture.modern("tools/list", lines: lines)
    #expect(answer.status == 200 && answer.fields["mcp-session-id"] == nil)
  }

  @Test func `a subscription wants events`() async {
    let lines = EndpointFixture.modern("subscriptions/listen")
    let wanted = #""notifications":{"resourcesListChanged":true}"#
    #expect(await fixture.modern("subscriptions/listen", wanted, lines: lines).status == 0)
    let json = lines.without("accept") + [("Accept", "application/json")]
    #expect(await fixture.modern("subscriptions/listen", wanted, lines: json).status == 406)
  }

  // MARK: Handshake

  private func session() async throws -> String {
    let answer = await fixture.send(
      #"{"jsonrpc":"2.0","id":1,"method":"initialize","#
        + #""params":{"protocolVersion":"2025-11-25","capabilities":{}}}"#)
    #expect(answer.status == 200)
    return try #require(answer.fields["mcp-session-id"])
  }

  @Test func `a session begins with initialize and ends with DELETE`() async throws {
    let id = try await session()
    #expect(id.utf8.allSatisfy { (0x21...0x7E).contains($0) } && id.utf8.count >= 32)
    #expect(try await session() != id)
    let lines = EndpointFixture.plain + [("Mcp-Session-Id", id)]
    let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
    #expect(await fixture.send(ping, lines).status == 200)
    #expect(await fixture.send("", lines, method: "GET").status == 0)
    #expect(await fixture.send("", lines, method: "GET").status == 0)
    #expect(await fixture.send("", lines, method: "DELETE").status == 204)
    for method in ["POST", "GET", "DELETE"] {
      #expect(await fixture.send(ping, lines, method: method).status == 404)
    }
  }

  @Test func `any version of the era will do, and so will none, and no session`() async throws {
    let id = try await session()
    let request = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    for version in ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] {
      for lines in [EndpointFixture.plain, EndpointFixture.plain + [("Mcp-Session-Id", id)]] {
        let answer = await fixture.send(request, lines + [("MCP-Protocol-Version", version)])
        #expect(answer.status == 200 && answer.json["result"]?["tools"] != nil)
        #expect(!answer.text.contains("resultType"))
      }
    }
    #expect(await fixture.send(request).status == 200)
    let unknown = EndpointFixture.plain + [("Mcp-Session-Id", "no-such")]
    #expect(await fixture.send(request, unknown).status == 404)
    let failing = await fixture.send(#"{"jsonrpc":"2.0","id":1,"method":"unheard/of"}"#)
    #expect(failing.status == 200 && failing.code == -32601)
  }

  @Test func `subscribing needs a session`() async throws {
    let subscribe =
      #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","#
      + #""params":{"uri":"sample://ana/a"}}"#
    #expect(await fixture.send(subscribe).status == 400)
    let lines = EndpointFixture.plain + [("Mcp-Session-Id", try await session())]
    #expect(await fixture.send(subscribe, lines).json["result"] == [:])
  }

  @Test func `both eras are served at once`() async throws {
    let lines = EndpointFixture.plain + [("Mcp-Session-Id", try await session())]
    for _ in 0..<3 {
      #expect(await fixture.modern("tools/list").json["result"]?["resultType"] == "complete")
      let old = await fixture.send(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, lines)
      #expect(old.json["result"]?["resultType"] == nil)
    }
  }
}
