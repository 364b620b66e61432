import Foundation
import MCPServer
import Records
import Testing

@Suite struct ToolCallTests {
  private struct Odd: Error {}

  private func code(_ params: String) throws -> JSONValue? {
    let line = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#
    return try Exchange().answer(line)?["error"]?["code"]
  }

  @Test(arguments: [
    "{}", #"{"name":5}"#, #"{"name":"unheard_of"}"#, #"{"name":"echo","arguments":[]}"#,
    #"{"name":"echo","arguments":"{}"}"#,
  ])
  func `what is no call of a tool is an error of the protocol`(params: String) throws {
    #expect(try code(params) == -32602)
  }

  @Test(arguments: [
    #"{"name":"echo"}"#, #"{"name":"echo","arguments":null}"#, #"{"name":"echo","arguments":{}}"#,
  ])
  func `absent arguments are no arguments, which the tool judges`(params: String) throws {
    let line = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":\#(params)}"#
    let result = try #require(try Exchange().answer(line)?["result"])
    #expect(result["isError"] == true)
    #expect(result["structuredContent"] == nil)
    let text = try #require(result["content"]?.array?.first?["text"]?.string)
    #expect(
      try json(text)
        == (try json(
          #"{"code":"invalid_argument","message":"text is required.","field":"text"}"#)))
  }

  @Test func `a result is one text block and the same as structure`() throws {
    let result = try Exchange().call("echo", #"{"text":"a/b","count":2,"tone":"loud"}"#)
    let blocks = try #require(result["content"]?.array)
    #expect(blocks.count == 1)
    #expect(blocks[0]["type"] == "text")
    #expect(blocks[0]["text"] == #"{"said":["a/b","a/b"],"tone":"loud"}"#)
    #expect(try json(try #require(blocks[0]["text"]?.string)) == result["structuredContent"])
    #expect(result["isError"] == false)
  }

  @Test(arguments: [
    "Grüße, 世界 👩‍👩‍👧", "line\nend\r\ttab", "\u{2028}a\u{2029}", #"quote " and \ slash"#,
  ])
  func `any text comes back as it was, on one line`(text: String) throws {
    let arguments = try JSON.text(["text": text])
    let line =
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","#
      + #""params":{"name":"echo","arguments":\#(arguments)}}"#
    let response = try #require(Exchange().connection.answer(Message(Array(line.utf8))))
    #expect(!response.text.contains(0x0A))
    #expect(!response.text.contains(0x0D))
    let answer = try JSON.value(JSONValue.self, from: Data(response.text))
    #expect(answer["result"]?["structuredContent"]?["said"] == [.string(text)])
  }

  @Test func `equal calls give equal bytes`() throws {
    let line = Array(
      (#"{"jsonrpc":"2.0","id":1,"method":"tools/call","#
        + #""params":{"name":"echo","arguments":{"text":"a"}}}"#).utf8)
    let exchange = Exchange()
    let first = exchange.connection.answer(Message(line))?.text
    for _ in 0..<10 { #expect(exchange.connection.answer(Message(line))?.text == first) }
  }

  @Test func `a service error is told in full`() throws {
    let journal = Journal()
    let error = ServiceError(
      .limitExceeded, "Later.", field: "query", retryAfterMilliseconds: 250)
    let result = try Exchange([FailingTool(error)], journal: journal).call("fail", "{}")
    #expect(result["isError"] == true)
    #expect(result["structuredContent"] == nil)
    #expect(
      result["content"] == [
        [
          "type": "text",
          "text":
            #"{"code":"limit_exceeded","field":"query","message":"Later.","retry_after_ms":250}"#,
        ]
      ])
    #expect(journal.lines.isEmpty)
  }

  @Test func `any other error is told without its details, which are logged`() throws {
    let journal = Journal()
    let result = try Exchange([FailingTool(Odd())], journal: journal).call("fail", "{}")
    let text = try #require(result["content"]?.array?.first?["text"]?.string)
    #expect(result["isError"] == true)
    #expect(try json(text)["code"] == "internal")
    #expect(!text.contains("Odd"))
    #expect(journal.lines.count == 1)
    #expect(journal.lines.first?.contains("Odd") == true)
  }

  @Test func `an output that JSON cannot hold is an internal failure`() throws {
    let result = try Exchange([FailingTool(nil)]).call("fail", "{}")
    let text = try #require(result["content"]?.array?.first?["text"]?.string)
    #expect(try json(text)["code"] == "internal")
  }

  @Test(arguments: [
    ServiceError.Code.invalidArgument, .notFound, .sessionExpired, .limitExceeded, .conflict,
    .unauthorized, .forbidden, .unavailable, .internal,
  ])
  func `every code of the service reaches the caller`(code: ServiceError.Code) throws {
    let failure = ToolFailure(ServiceError(code, "m"))
    #expect(try json(failure.text) == ["code": .string(code.rawValue), "message": "m"])
  }

  @Test func `a tool is told who calls`() throws {
    let caller = Caller.bound(try UserID("ada"))
    let result = try Exchange(caller: caller).call("echo", #"{"text":"a"}"#)
    #expect(result["structuredContent"]?["caller"] == "ada")
  }
}
