import Foundation
import MCPServer
import TestSupport
import Testing

@Suite struct FuzzTests {
  private static let seeds: [String] = {
    let envelope = Exchange.envelope
    let arguments = #"{"text":"é\u00e9\"\n","count":2.0,"tone":"loud"}"#
    return [
      #"{"jsonrpc":"2.0","id":0,"method":"initialize","#
        + #""params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
      #"{"jsonrpc":"2.0","id":"a","method":"ping"}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{\#(envelope)}}"#,
      #"{"jsonrpc":"2.0","id":-5,"method":"server/discover","params":{\#(envelope)}}"#,
      #"{"jsonrpc":"2.0","id":9,"method":"tools/call","#
        + #""params":{"name":"echo","arguments":\#(arguments)}}"#,
      #"{"jsonrpc":"2.0","id":9,"method":"tools/call","#
        + #""params":{"name":"echo","arguments":\#(arguments),\#(envelope)}}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#,
      #"{"jsonrpc":"2.0","id":3,"result":{"a":[1,2.5e3,true,null]}}"#,
    ]
  }()

  private static let tokens = [
    "{", "}", "[", "]", "\"", ":", ",", "null", "true", "0", "-", "1e9", "1e999", "\\u0000",
    "\\ud83d",
    "\\", "\0", "\n", "[[[[[[[[", "9223372036854775808", #""id""#, #""method""#, #""params""#, "{}",
    "[]",
    #"{"jsonrpc":"2.0","id":1}"#,
  ].map { Array($0.utf8) }

  /// Changes a few places of a line; the answer may be anything but no answer of ours.
  private func mutated(_ line: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var line = line
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let from = Int.random(in: 0...line.count, using: &generator)
      let to = min(line.count, from + Int.random(in: 0...12, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: line.replaceSubrange(from..<to, with: [])
      case 1: line.insert(contentsOf: line[from..<to], at: from)
      case 2: line.insert(.random(in: 0...255, using: &generator), at: from)
      case 3: line.replaceSubrange(from..<to, with: Self.token(&generator))
      case 4: line.insert(contentsOf: Self.token(&generator), at: from)
      default:
        line.removeSubrange(from...)
        if line.isEmpty { line = [0x7B] }
      }
    }
    return line
  }

  private static func token(_ generator: inout SeededGenerator) -> [UInt8] {
    tokens[Int.random(in: tokens.indices, using: &generator)]
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `mutated lines are answered with JSON-RPC or not at all`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let exchange = Exchange()
    var results = 0
    var codes: Set<Int> = []
    for round in 0..<2_000 {
      let original = Self.seeds[round % Self.seeds.count]
      let line = mutated(Array(original.utf8), &generator)
      guard let response = exchange.connection.answer(Message(line)) else { continue }
      let text = response.text
      #expect(!text.contains(0x0A))
      let answer = try #require(
        try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any],
        "\(String(decoding: line, as: UTF8.self))")
      #expect(answer["jsonrpc"] as? String == "2.0")
      let id = try #require(answer["id"])
      #expect(id is String || id is NSNumber || id is NSNull)
      if let error = answer["error"] as? [String: Any] {
        #expect(answer["result"] == nil)
        #expect(error["message"] is String)
        codes.insert(try #require(error["code"] as? Int))
      } else {
        #expect(answer["result"] is [String: Any])
        results += 1
      }
    }
    // The mutations reach beyond the parser, and nothing is ever our fault.
    #expect(results > 20)
    #expect(codes.isSuperset(of: [-32700, -32600, -32601, -32602]))
    #expect(codes.isSubset(of: [-32700, -32600, -32601, -32602, -32022]))
  }
}
