import Foundation
import MCPServer
import Records
import TestSupport
import Testing

/// Broken and hostile messages and heads, at the endpoint: all are answered, none by accident.
@Suite struct EndpointFuzzTests {
  private static let count =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_FUZZ_MESSAGES"].flatMap(Int.init) ?? 6_000

  private static let mutation = Mutation(tokens: [
    "{", "}", "[", "]", "\"", ":", ",", "null", "true", "0", "-", "1e9", "1e999", "\\u0000",
    "\\ud83d", "\\", "\0", "\n", "[[[[[[[[", "9223372036854775808", "\"id\"", "\"method\"",
    "\"params\"", "\"_meta\"", "{}", "[]", "{\"jsonrpc\":\"2.0\",\"id\":1}", "=?base64?", "?=",
    "\r\n", "%00", "..", "/", "?", "sample://ben/a", "subscriptions/listen", "*", ";", ", ",
  ])

  private static let bodies: [String] = {
    let echo = #""name":"echo","arguments":{"text":"é\u00e9\"\n","count":2.0,"tone":"loud"}"#
    let old: (String, String) -> String = { method, params in
      #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{\#(params)}}"#
    }
    return [
      old("initialize", #""protocolVersion":"2025-06-18","capabilities":{}"#), old("ping", ""),
      old("tools/list", #""cursor":null"#), old("tools/call", echo),
      old("resources/subscribe", #""uri":"sample://ana/a""#),
      #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#,
      #"{"jsonrpc":"2.0","id":3,"result":{"a":[1,2.5e3,true,null]}}"#,
      EndpointFixture.body("server/discover"), EndpointFixture.body("tools/call", echo),
      EndpointFixture.body("resources/list", #""cursor":"2""#),
      EndpointFixture.body("resources/read", #""uri":"sample://ana/a""#),
      EndpointFixture.body("prompts/get", #""name":"say","arguments":{"name":"x"}"#),
      EndpointFixture.body(
        "completion/complete",
        #""ref":{"type":"ref/prompt","name":"say"},"argument":{"name":"name","value":""}"#),
      EndpointFixture.body(
        "subscriptions/listen",
        #""notifications":{"resourcesListChanged":true,"resourceSubscriptions":["sample://ana/a"]}"#
      ),
    ]
  }()

  /// The statuses that are ever meant; 0 is a stream, -1 a request that was given up.
  private static let meant: Set<Int> = [
    0, 200, 202, 204, 400, 401, 403, 404, 405, 406, 413, 415, 421,
  ]

  @Test(.timeLimit(.minutes(60)))
  func `no message and no head is answered by accident`() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("endpoint fuzz: \(Self.count) messages, seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let fixture = EndpointFixture(authenticator: SampleKeys())
    var statuses: [Int: Int] = [:]
    var before: Int?
    for round in 0..<Self.count {
      let answer = await send(round, fixture, &generator)
      statuses[answer.status, default: 0] += 1
      #expect(Self.meant.contains(answer.status), "\(answer.status): \(answer.text), seed \(seed)")
      #expect(answer.code != -32603, "\(answer.text), seed \(seed)")
      if !answer.text.isEmpty, answer.fields["content-type"] == "application/json" {
        let isJSON = (try? JSONSerialization.jsonObject(with: Data(answer.text.utf8))) != nil
        #expect(isJSON, "\(answer.text), seed \(seed)")
      }
      #expect(
        answer.status < 0 || !answer.text.contains("of ben"), "what is ben's, seed \(seed)")
      if round == min(5_000, Self.count / 2) { before = ResidentMemory.bytes() }
    }
    #expect(statuses[200, default: 0] > Self.count / 100 && statuses.count > 6, "\(statuses)")
    if let before, let after = ResidentMemory.bytes() {
      #expect(after - before < 96 << 20, "grew by \(after - before) bytes")
    }
  }

  private func send(
    _ round: Int, _ fixture: EndpointFixture, _ generator: inout SeededGenerator
  ) async -> EndpointFixture.Answer {
    func happens(_ chances: Int) -> Bool { Int.random(in: 0..<chances, using: &generator) == 0 }
    func changed(_ text: String) -> String {
      String(decoding: Self.mutation.mutated(Array(text.utf8), &generator), as: UTF8.self)
    }
    let body = Self.bodies[round % Self.bodies.count]
    let method = body.firstMatch(of: /"method":"([^"]*)"/).map { String($0.1) } ?? ""
    let name = body.firstMatch(of: /"(?:name|uri)":"([^"]*)"/).map { String($0.1) }
    var lines =
      body.contains("2026-07-28") ? EndpointFixture.modern(method, name) : EndpointFixture.plain
    if !happens(20) { lines.append(("Authorization", "Bearer ana")) }
    if happens(3) {
      let line = Int.random(in: lines.indices, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: lines.remove(at: line)
      case 1: lines.append(lines[line])
      case 2: lines[line].0 = changed(lines[line].0)
      default: lines[line].1 = changed(lines[line].1)
      }
    }
    let methods = ["GET", "DELETE", "OPTIONS", "HEAD", "PUT"]
    return await fixture.send(
      happens(3) ? body : changed(body), lines,
      method: happens(30) ? methods[Int.random(in: 0..<5, using: &generator)] : "POST",
      target: happens(30) ? changed("/mcp?x=1") : "/mcp")
  }
}
