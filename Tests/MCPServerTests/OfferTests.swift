import Foundation
import MCPServer
import Records
import Testing

/// Resources, prompts and completion, in both eras.
@Suite struct OfferTests {
  private let library = SampleLibrary([
    "sample://ana/a": "of ana", "sample://ana/b": "more", "sample://ana/c": "most",
    "sample://ben/a": "of ben",
  ])

  private func ask(
    _ method: String, _ params: String = "{}", modern: Bool = false,
    caller: Caller = .unbound(default: nil)
  ) throws -> JSONValue {
    var params = params
    if modern {
      let rest = params.dropFirst()
      params = "{\(Exchange.envelope)\(rest == "}" ? "" : ",")\(rest)"
    }
    let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    let connection = Connection(fullServer(library, caller: caller))
    let response = try #require(connection.answer(Message(Array(line.utf8))))
    return try JSON.value(from: Data(response.text))
  }

  private let ana = Caller.bound(UserID(stored: "ana"))

  @Test func `everything that is declared is served, what is not is unknown`() throws {
    let declared = try ask("initialize")["result"]?["capabilities"]
    #expect(
      declared
        == (try json(
          #"{"tools":{"listChanged":false},"resources":{"subscribe":true,"listChanged":true},"#
            + #""prompts":{"listChanged":false},"completions":{}}"#)))
    for method in ["resources/list", "resources/templates/list", "prompts/list"] {
      #expect(try ask(method)["result"] != nil)
      let bare = try Exchange().answer(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#)
      #expect(bare?["error"]?["code"] == -32601)
    }
  }

  @Test func `a list goes on where its cursor says, and other cursors are refused`() throws {
    let first = try ask("resources/list", caller: ana)["result"]
    #expect(first?["resources"]?.array?.count == 2)
    let cursor = try #require(first?["nextCursor"]?.string)
    let second = try ask("resources/list", #"{"cursor":"\#(cursor)"}"#, caller: ana)["result"]
    #expect(second?["resources"]?.array?.compactMap { $0["uri"] } == ["sample://ana/c"])
    #expect(second?["nextCursor"] == nil)
    for method in ["resources/list", "resources/templates/list", "prompts/list", "tools/list"] {
      #expect(try ask(method, #"{"cursor":"no-such"}"#)["error"]?["code"] == -32602)
      #expect(try ask(method, #"{"cursor":5}"#, modern: true)["error"]?["code"] == -32602)
    }
  }

  @Test func `a resource is read by its address`() throws {
    let contents = try ask("resources/read", #"{"uri":"sample://ana/a"}"#)["result"]?["contents"]
    #expect(
      contents
        == (try json(
          #"[{"uri":"sample://ana/a","mimeType":"application/json","text":"of ana"}]"#)))
  }

  @Test(arguments: ["sample://ben/a", "sample://nobody/x", "other://x", ""])
  func `what is not there and what is another's are the same`(uri: String) throws {
    let old = try ask("resources/read", #"{"uri":"\#(uri)"}"#, caller: ana)["error"]
    #expect(old?["code"] == -32002 && old?["data"]?["uri"] == .string(uri))
    let new = try ask("resources/read", #"{"uri":"\#(uri)"}"#, modern: true, caller: ana)["error"]
    #expect(new?["code"] == -32602 && new?["data"]?["uri"] == .string(uri))
    #expect(new?["message"] == old?["message"])
  }

  @Test(arguments: [false, true])
  func `a failure inside is told without its details`(isModern: Bool) throws {
    let answer = try ask("resources/read", #"{"uri":"sample://ana/broken"}"#, modern: isModern)
    #expect(answer["error"]?["code"] == -32603 && answer["id"] == 1)
    #expect(try !JSON.text(answer).contains("broke\""))
  }

  @Test func `modern lists and reads say how long they may be kept`() throws {
    for (method, params) in [
      ("tools/list", "{}"), ("prompts/list", "{}"), ("resources/list", "{}"),
      ("resources/templates/list", "{}"), ("resources/read", #"{"uri":"sample://ana/a"}"#),
    ] {
      let result = try ask(method, params, modern: true)["result"]
      guard case .integer(let life) = result?["ttlMs"] else {
        Issue.record("\(method) has no ttlMs")
        continue
      }
      #expect(life >= 0 && result?["cacheScope"] == "private")
      #expect(result?["resultType"] == "complete")
    }
    let call = #"{"name":"echo","arguments":{"text":"a"}}"#
    #expect(try ask("tools/call", call, modern: true)["result"]?["ttlMs"] == nil)
  }

  @Test func `a prompt is made of its arguments, which are strings`() throws {
    let result = try ask("prompts/get", #"{"name":"say","arguments":{"name":"hello"}}"#)["result"]
    #expect(
      result?["messages"]
        == (try json(#"[{"role":"user","content":{"type":"text","text":"Say hello"}}]"#)))
    for params in [
      #"{"name":"unheard"}"#, #"{"name":"say"}"#, #"{"name":"say","arguments":{"name":" "}}"#,
      #"{"name":"say","arguments":{"name":5}}"#, #"{"name":"say","arguments":[]}"#, "{}",
    ] {
      #expect(try ask("prompts/get", params)["error"]?["code"] == -32602, "\(params)")
    }
  }

  @Test func `completion knows the caller, what was typed, and the other arguments`() throws {
    func values(_ params: String, _ caller: Caller) throws -> JSONValue? {
      try ask("completion/complete", params, caller: caller)["result"]?["completion"]?["values"]
    }
    let template = #""ref":{"type":"ref/resource","uri":"sample://{user_id}/{name}"}"#
    let open = #"{\#(template),"argument":{"name":"name","value":""}}"#
    #expect(try values(open, ana) == ["a", "b", "c"])
    #expect(try values(open.replacing(#""value":"""#, with: #""value":"b""#), ana) == ["b"])
    let other = open.replacing(
      #"},"argument"#, with: #"},"context":{"arguments":{"user_id":"ben"}},"argument"#)
    #expect(try values(other, ana) == [])
    #expect(try values(other, .unbound(default: nil)) == ["a"])
    let prompt = #"{"ref":{"type":"ref/prompt","name":"say"},"argument":{"name":"x","value":""}}"#
    #expect(try values(prompt, ana) == [])
    for params in [
      #"{"ref":{"type":"ref/prompt","name":"unheard"},"argument":{"name":"x","value":""}}"#,
      #"{"ref":{"type":"ref/resource","uri":"other://{x}"},"argument":{"name":"x","value":""}}"#,
      #"{"ref":{"type":"ref/prompt","name":"say"}}"#, "{}",
    ] {
      #expect(try ask("completion/complete", params)["error"]?["code"] == -32602, "\(params)")
    }
  }
}
