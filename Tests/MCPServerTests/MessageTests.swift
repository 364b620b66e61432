import Foundation
import MCPServer
import Records
import TestSupport
import Testing

@Suite struct MessageTests {
  private func message(_ text: String) -> Message { Message(Array(text.utf8)) }

  private func code(_ text: String) -> Int? {
    guard case .malformed(let response) = message(text), case .error(let error) = response.outcome
    else { return nil }
    return error.code
  }

  private func params(_ value: String) throws -> JSONValue? {
    let text = #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":\#(value)}}"#
    guard case .request(let request) = message(text) else { return nil }
    return request.params["x"]
  }

  @Test func `an id keeps its type and value`() {
    #expect(
      message(#"{"jsonrpc":"2.0","id":"1","method":"ping"}"#)
        == .request(Request(id: .string("1"), method: "ping")))
    #expect(
      message(#"{"jsonrpc":"2.0","id":9223372036854775807,"method":"ping"}"#)
        == .request(Request(id: .integer(.max), method: "ping")))
    #expect(
      message(#"{"jsonrpc":"2.0","id":-1,"method":"ping","params":null}"#)
        == .request(Request(id: .integer(-1), method: "ping")))
  }

  @Test(arguments: [
    "", "this is not json", "{", #"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, "[1,]", "{,}",
    #"{"a":1,}"#, #"{"a" 1}"#, "01", "1.", "-", "1e", "1e999", "nul", #""\x""#, #""\ud800""#,
    #""\ud800\u0041""#, "\"a\u{1}\"", #""open"#, "\u{FEFF}{}", "NaN", "'a'", "+1", "[1 2]",
  ])
  func `what is not JSON is a parse error`(text: String) {
    #expect(code(text) == -32700)
  }

  @Test func `bytes that are not UTF-8 are a parse error`() {
    for bytes: [UInt8] in [
      [0xFF], [0x22, 0xC3, 0x22], [0x7B, 0, 0x7D, 0], [0x22, 0xED, 0xA0, 0x80, 0x22],
    ] {
      guard case .malformed(let response) = Message(bytes) else {
        Issue.record("\(bytes) was read")
        return
      }
      #expect(response.id == nil)
    }
  }

  @Test(arguments: [
    "[]", #"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "1", #""text""#, "null", "{}",
    #"{"id":1,"method":"ping"}"#, #"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
    #"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
    #"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
    #"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, #"{"jsonrpc":"2.0","id":1,"method":5}"#,
    #"{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}"#, #"{"jsonrpc":"2.0","id":1}"#,
  ])
  func `what is JSON but no message is an invalid request`(text: String) {
    #expect(code(text) == -32600)
  }

  @Test func `an error names the request as far as it could be read`() throws {
    let exchange = Exchange()
    let wrongVersion = try exchange.answer(#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#)
    #expect(wrongVersion?["id"] == "a")
    #expect(try exchange.answer("nonsense")?["id"] == .null)
    #expect(try exchange.answer("[]")?["id"] == .null)
    let wrongParams = try exchange.answer(#"{"jsonrpc":"2.0","id":4,"method":"ping","params":[1]}"#)
    #expect(wrongParams?["id"] == 4)
    #expect(wrongParams?["error"]?["code"] == -32602)
  }

  @Test func `notices and responses are told from requests and never answered`() throws {
    #expect(message(#"{"jsonrpc":"2.0","id":1,"result":{}}"#) == .response)
    #expect(message(#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#) == .response)
    let exchange = Exchange()
    for line in [
      #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
      #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
      #"{"jsonrpc":"2.0","method":"notifications/unheard-of","params":[1]}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
      #"{"jsonrpc":"2.0","method":"ping"}"#,
    ] {
      #expect(try exchange.answer(line) == nil, "\(line)")
    }
  }

  @Test func `unknown members are ignored at every level`() throws {
    let answer = try Exchange().answer(
      #"{"x":1,"jsonrpc":"2.0","id":1,"y":{"z":[]},"method":"tools/call","params":{"q":null,"#
        + #""name":"echo","arguments":{"text":"a"},"_meta":{"progressToken":3,"a/b":{}}}}"#)
    #expect(answer?["result"]?["isError"] == false)
  }

  @Test func `escapes mean what they stand for`() throws {
    #expect(try params(#""\"\\\/\b\f\n\r\t""#) == .string("\"\\/\u{8}\u{C}\n\r\t"))
    #expect(try params(#""\u00e9 \uD83D\ude00 \u2028""#) == .string("é 😀 \u{2028}"))
    #expect(try params(#""\u0000""#) == .string("\0"))
  }

  @Test func `numbers keep 64 bits, and whole ones are integers`() throws {
    #expect(try params("-9223372036854775808") == .integer(.min))
    #expect(try params("5.0") == .integer(5))
    #expect(try params("1e3") == .integer(1000))
    #expect(try params("0.1") == .number(0.1))
    #expect(try params("1e300") == .number(1e300))
    #expect(try params("18446744073709551616") == .number(0x1p64))
  }

  @Test func `nesting is served to 256 levels and refused beyond`() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    // Two levels are the message and its params.
    #expect(try params(nested(254))?.depth == 254)
    #expect(code(nested(257)) == -32700)
    #expect(code(String(repeating: "[", count: 5_000_000)) == -32700)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `random values are read as Foundation reads them`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let value = randomJSON(depth: 4, using: &generator)
      for formatting: JSONEncoder.OutputFormatting in [[], [.prettyPrinted], [.sortedKeys]] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        #expect(try params(text) == (try JSON.value(JSONValue.self, from: text)), "\(text)")
      }
    }
  }
}

/// A value in which everything that JSON knows may occur.
func randomJSON(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
  switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
  case 0: .null
  case 1: .bool(.random(using: &generator))
  case 2: .integer(.random(in: .min ... .max, using: &generator))
  case 3: .integer(.random(in: -9...9, using: &generator))
  case 4: .number(.random(in: -1e6...1e6, using: &generator))
  case 5: .string(randomText(using: &generator))
  case 6:
    .array(
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        randomJSON(depth: depth - 1, using: &generator)
      })
  default:
    .object(
      Dictionary(
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in
          (randomText(using: &generator), randomJSON(depth: depth - 1, using: &generator))
        }
      ) { $1 })
  }
}

func randomText(using generator: inout SeededGenerator) -> String {
  let alphabet: [Character] = [
    "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u{1}", "é", "語", "😀", "\u{2028}", "e\u{301}",
  ]
  return String(
    (0..<Int.random(in: 0...8, using: &generator)).map { _ in
      alphabet[Int.random(in: alphabet.indices, using: &generator)]
    })
}
