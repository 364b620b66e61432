import MCPServer
import Records
import Testing

/// What `initialize`, discovery and the lists answer in both eras.
@Suite struct EraTests {
  private let exchange = Exchange()

  private static let serverInfo =
    #"{"name":"recollect","title":"Recollect","version":"1.2.3","description":"A test."}"#
  private static let echo =
    #"{"name":"echo","title":"Echo","description":"Call this to hear something again.","#
    + #""inputSchema":{"type":"object","additionalProperties":false,"required":["text"],"#
    + #""properties":{"#
    + #""text":{"type":"string","description":"What to say.","minLength":1,"maxLength":2000000},"#
    + #""count":{"type":"integer","description":"How often.","minimum":1,"maximum":20,"#
    + #""default":1},"#
    + #""tone":{"type":"string","description":"How loud.","enum":["plain","loud"],"#
    + #""default":"plain"}}},"#
    + #""outputSchema":{"type":"object","required":["said","tone"],"properties":{"#
    + #""said":{"type":"array","items":{"type":"string"}},"#
    + #""tone":{"type":"string","enum":["plain","loud"]},"caller":{"type":"string"}}},"#
    + #""annotations":{"title":"Echo","readOnlyHint":true,"destructiveHint":false,"#
    + #""idempotentHint":true,"openWorldHint":false}}"#
  private static let modernMembers =
    #""resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":\#(stamp)}"#
  /// On results that are not about the server itself.
  private static let stamp = #"{"name":"recollect","title":"Recollect","version":"1.2.3"}"#

  private func expect(
    _ line: String, _ expected: String, location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(try exchange.answer(line) == (try json(expected)), sourceLocation: location)
  }

  private func code(_ line: String) throws -> JSONValue? {
    try exchange.answer(line)?["error"]?["code"]
  }

  private func modern(_ method: String, id: String = "1", _ params: String = "") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","#
      + #""params":{\#(Exchange.envelope)\#(params)}}"#
  }

  @Test(arguments: [#""loud""#, #""INFO""#, "3", "null", "{}"])
  func `a level of messages that there is not is refused`(level: String) throws {
    let meta = #""_meta":{"io.modelcontextprotocol/logLevel":\#(level),"#
    for request in [
      modern("tools/list"), modern("tools/call", #","name":"echo","arguments":{"text":"tea"}"#),
    ] {
      #expect(try code(request.replacing(#""_meta":{"#, with: meta)) == -32602)
      let known = meta.replacing(level, with: #""warning""#)
      #expect(try exchange.answer(request.replacing(#""_meta":{"#, with: known))?["result"] != nil)
    }
  }

  // MARK: Golden sessions

  @Test func `a session of the handshake era goes as written`() throws {
    try expect(
      #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","#
        + #""capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
      #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","#
        + #""capabilities":{"tools":{"listChanged":false}},"serverInfo":\#(Self.serverInfo),"#
        + #""instructions":"Use it."}}"#)
    #expect(
      try exchange.answer(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#) == nil)
    try expect(
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
      #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(Self.echo)]}}"#)
    try expect(
      #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","#
        + #""arguments":{"text":"tea"},"_meta":{"progressToken":"pt"}}}"#,
      #"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","#
        + #""text":"{\"said\":[\"tea\"],\"tone\":\"plain\"}"}],"#
        + #""structuredContent":{"said":["tea"],"tone":"plain"},"isError":false}}"#)
    try expect(
      #"{"jsonrpc":"2.0","id":4,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":4,"result":{}}"#)
  }

  @Test func `a session of the modern era goes as written`() throws {
    try expect(
      modern("server/discover", id: #""d""#),
      #"{"jsonrpc":"2.0","id":"d","result":{"supportedVersions":["2026-07-28"],"#
        + #""capabilities":{"tools":{"listChanged":false}},"instructions":"Use it.","#
        + #""ttlMs":60000,"cacheScope":"private","resultType":"complete","#
        + #""_meta":{"io.modelcontextprotocol/serverInfo":\#(Self.serverInfo)}}}"#)
    try expect(
      modern("tools/list"),
      #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(Self.echo)],"#
        + #""ttlMs":300000,"cacheScope":"private",\#(Self.modernMembers)}}"#)
    try expect(
      modern("tools/call", #","name":"echo","arguments":{"text":"tea"}"#),
      #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","#
        + #""text":"{\"said\":[\"tea\"],\"tone\":\"plain\"}"}],"#
        + #""structuredContent":{"said":["tea"],"tone":"plain"},"isError":false,"#
        + #"\#(Self.modernMembers)}}"#)
    try expect(
      modern("tools/list").replacing("2026-07-28", with: "v999.0.0"),
      #"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"Unsupported protocol version","#
        + #""data":{"supported":["2026-07-28"],"requested":"v999.0.0"}}}"#)
  }

  // MARK: Handshake

  @Test(arguments: ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
  func `a version of the handshake era is echoed`(version: String) throws {
    let answer = try exchange.answer(initialize(version))
    #expect(answer?["result"]?["protocolVersion"] == .string(version))
  }

  @Test(arguments: ["1999-01-01", "2099-01-01", "2026-07-28", ""])
  func `any other version is answered with the newest of the handshake era`(version: String) throws
  {
    let answer = try exchange.answer(initialize(version))
    #expect(answer?["result"]?["protocolVersion"] == "2025-11-25")
    #expect(answer?["error"] == nil)
  }

  @Test(arguments: ["", #","params":{}"#, #","params":{"protocolVersion":5}"#])
  func `an initialize without a version is answered too`(params: String) throws {
    let answer = try exchange.answer(#"{"jsonrpc":"2.0","id":1,"method":"initialize"\#(params)}"#)
    #expect(answer?["result"]?["protocolVersion"] == "2025-11-25")
  }

  @Test func `results of the handshake era have no modern vocabulary`() throws {
    for line in [
      initialize("2026-07-28"), #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"unheard/of"}"#,
    ] {
      let text = try JSON.text(try #require(try exchange.answer(line)))
      for word in ["resultType", "ttlMs", "cacheScope", "io.modelcontextprotocol", "2026-07-28"] {
        #expect(!text.contains(word), "\(text)")
      }
    }
  }

  @Test func `a progress token alone does not make a request modern`() throws {
    let answer = try exchange.answer(
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":1}}}"#)
    #expect(answer?["result"]?["tools"] != nil)
    #expect(answer?["result"]?["resultType"] == nil)
  }

  @Test func `requests before initialize are served`() throws {
    #expect(try exchange.answer(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)?["result"] == [:])
    let list = try exchange.answer(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
    #expect(list?["result"]?["tools"]?.array?.count == 1)
  }

  @Test(arguments: [
    "unheard/of", "resources/list", "resources/templates/list", "resources/read", "prompts/list",
    "prompts/get", "completion/complete", "logging/setLevel", "resources/subscribe",
  ])
  func `what is not declared is an unknown method in both eras`(method: String) throws {
    #expect(try code(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#) == -32601)
    #expect(try code(modern(method)) == -32601)
  }

  // MARK: Modern

  @Test(arguments: [
    "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
    "notifications/initialized", "tasks/list", "unheard/of",
  ])
  func `what the modern era removed is an unknown method there`(method: String) throws {
    guard case .request(let request) = Message(Array(modern(method, id: #""x""#).utf8)) else {
      Issue.record("not a request")
      return
    }
    let answer = makeServer().answer(request, as: .modern)
    #expect(answer.id == .string("x"))
    #expect(answer.json["error"]?["code"] == -32601)
  }

  @Test(arguments: [
    #"{}"#,
    #"{"_meta":{}}"#,
    #"{"_meta":7}"#,
    #"{"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}}"#,
    #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
    #"{"_meta":{"io.modelcontextprotocol/protocolVersion":5,"#
      + #""io.modelcontextprotocol/clientCapabilities":{}}}"#,
    #"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
      + #""io.modelcontextprotocol/clientCapabilities":[]}}"#,
  ])
  func `an incomplete envelope is refused`(params: String) throws {
    let line = #"{"jsonrpc":"2.0","id":"i","method":"server/discover","params":\#(params)}"#
    let answer = try exchange.answer(line)
    #expect(answer?["error"]?["code"] == -32602)
    #expect(answer?["id"] == "i")
  }

  @Test func `a list with half an envelope is refused`() throws {
    #expect(
      try code(
        #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"#
          + #""io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#) == -32602)
    #expect(
      try code(modern("tools/list").replacing(#""2026-07-28""#, with: "5")) == -32602)
  }

  @Test func `the version is checked before the method, the method before its parameters`() throws {
    let call = modern("unheard/of", #","cursor":"c""#)
    #expect(try code(call.replacing("2026-07-28", with: "2030-01-01")) == -32022)
    #expect(try code(call) == -32601)
    #expect(try code(modern("tools/list", #","cursor":"c""#)) == -32602)
  }

  @Test func `a client need not say who it is, and may say more than is known`() throws {
    let line = modern("tools/list").replacing(
      #""_meta":{"#, with: #""_meta":{"io.modelcontextprotocol/logLevel":"info","x":[1],"#)
    #expect(try exchange.answer(line)?["result"]?["tools"] != nil)
  }

  // MARK: Both

  @Test func `initialize is answered after discovery, and again`() throws {
    _ = try exchange.answer(modern("server/discover"))
    for _ in 0..<2 {
      let answer = try exchange.answer(initialize("2025-11-25"))
      #expect(answer?["result"]?["protocolVersion"] == "2025-11-25")
      #expect(try exchange.answer(modern("tools/list"))?["result"]?["resultType"] == "complete")
      let list = try exchange.answer(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
      #expect(list?["result"]?["resultType"] == nil)
    }
  }

  @Test(arguments: [#""c""#, #""""#, "0", "{}"])
  func `any cursor is a wrong one`(cursor: String) throws {
    #expect(
      try code(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":\#(cursor)}}"#)
        == -32602)
    #expect(try code(modern("tools/list", #","cursor":\#(cursor)"#)) == -32602)
  }

  @Test func `a null cursor is none`() throws {
    let list = try exchange.answer(modern("tools/list", #","cursor":null"#))
    #expect(list?["result"]?["tools"] != nil)
  }

  @Test func `tools are listed in the order given, every time`() throws {
    let exchange = Exchange([
      SlowTool(gate: SlowTool.Gate()), EchoTool(), FailingTool(nil),
    ])
    for _ in 0..<3 {
      let list = try exchange.answer(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
      let names = list?["result"]?["tools"]?.array?.compactMap { $0["name"] }
      #expect(names == ["slow", "echo", "fail"])
    }
  }

  private func initialize(_ version: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"initialize","#
      + #""params":{"protocolVersion":"\#(version)","capabilities":{}}}"#
  }
}
