import Foundation
import MCPServer
import Records
import SchemaTestSupport
import TestSupport
import Testing

@Suite struct OutputSchemaTests {
  private enum Colour: String, Codable, CaseIterable, Sendable {
    case red
    case darkBlue = "dark_blue"
  }

  private struct Part: Codable, Sendable {
    var label: String
    var weight: Double?
    var share: Float?
    var rank: Int?
    var size: Int64?
    var isNew: Bool?
    var note: String?
  }

  private struct Everything: Codable, Sendable {
    var name: String
    var count: Int
    var large: Int64
    var ratio: Double
    var coarse: Float
    var isWhole: Bool
    var colour: Colour
    var secondColour: Colour?
    var at: Timestamp
    var endedAt: Timestamp?
    var user: UserID
    var session: SessionID
    var memory: MemoryID?
    var tags: [String]
    var days: [String: Int]
    var parts: [Part]
    var partsByName: [String: Part]?
    var first: Part
    var second: Part?
    var metadata: [String: JSONValue]
    var anything: JSONValue

    enum CodingKeys: String, CodingKey {
      case name, count, large, ratio, coarse, colour, user, session, memory, tags, days, parts
      case first, second, metadata, anything
      case isWhole = "is_whole"
      case secondColour = "second_colour"
      case at
      case endedAt = "ended_at"
      case partsByName = "parts_by_name"
    }
  }

  private func schema<T: Codable & Sendable>(of value: T) throws -> JSONValue {
    try #require(try Exchange([ShowTool(value: value)]).definition()["outputSchema"])
  }

  private func everything(seed: UInt64 = 0) -> Everything {
    var generator = SeededGenerator(seed: seed)
    func some<T>(_ value: T) -> T? { Bool.random(using: &generator) ? value : nil }
    func several<T>(_ make: () -> T) -> [T] {
      (0..<Int.random(in: 0...3, using: &generator)).map { _ in make() }
    }
    func text() -> String { randomText(using: &generator) }
    func number() -> Double { .random(in: -5...5, using: &generator).rounded() / 2 }
    func time() -> Timestamp {
      Timestamp(milliseconds: .random(in: 0...4_000_000_000_000, using: &generator))
    }
    func part() -> Part {
      Part(
        label: text(), weight: some(number()), share: some(Float(number())), rank: some(3),
        size: some(4), isNew: some(true), note: some(text()))
    }
    func named<T>(_ make: () -> T) -> [String: T] {
      Dictionary(several { (text(), make()) }) { first, _ in first }
    }
    return Everything(
      name: text(), count: .random(in: .min ... .max, using: &generator),
      large: .random(in: .min ... .max, using: &generator), ratio: number(),
      coarse: Float(number()), isWhole: .random(using: &generator), colour: .darkBlue,
      secondColour: some(.red), at: time(), endedAt: some(time()), user: UserID(stored: "ada"),
      session: .make(), memory: some(.make()), tags: several(text), days: named { 7 },
      parts: several(part), partsByName: some(named(part)), first: part(), second: some(part()),
      metadata: named { randomJSON(depth: 3, using: &generator) },
      anything: randomJSON(depth: 3, using: &generator))
  }

  @Test func `a type is described as it is encoded`() throws {
    let part =
      #"{"type":"object","required":["label"],"#
      + #""properties":{"label":{"type":"string"},"weight":{"type":"number"},"#
      + #""share":{"type":"number"},"rank":{"type":"integer"},"size":{"type":"integer"},"#
      + #""isNew":{"type":"boolean"},"note":{"type":"string"}}}"#
    let colour = #"{"type":"string","enum":["red","dark_blue"]}"#
    let time = #"{"type":"string","format":"date-time"}"#
    let expected =
      #"{"type":"object","required":["anything","at","coarse","colour","count","days","first","#
      + #""is_whole","large","metadata","name","parts","ratio","session","tags","user"],"#
      + #""properties":{"name":{"type":"string"},"count":{"type":"integer"},"#
      + #""large":{"type":"integer"},"ratio":{"type":"number"},"coarse":{"type":"number"},"#
      + #""is_whole":{"type":"boolean"},"colour":\#(colour),"second_colour":\#(colour),"#
      + #""at":\#(time),"ended_at":\#(time),"user":{"type":"string"},"#
      + #""session":{"type":"string"},"memory":{"type":"string"},"#
      + #""tags":{"type":"array","items":{"type":"string"}},"#
      + #""days":{"type":"object","additionalProperties":{"type":"integer"}},"#
      + #""parts":{"type":"array","items":\#(part)},"#
      + #""parts_by_name":{"type":"object","additionalProperties":\#(part)},"#
      + #""first":\#(part),"second":\#(part),"metadata":{"type":"object"},"anything":{}}}"#
    #expect(try schema(of: everything()) == (try json(expected)))
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `random outputs conform to their schema`(seed: UInt64) throws {
    let value = everything(seed: seed)
    let exchange = Exchange([ShowTool(value: value)])
    let schema = try #require(try exchange.definition()["outputSchema"])
    let output = try #require(try exchange.call("show", "{}")["structuredContent"])
    #expect(faults(of: output, against: schema) == [])
    // The judge can say no: without any one of its required members the output is refused.
    for name in schema["required"]?.array ?? [] {
      var members = try #require(output.object)
      members[try #require(name.string)] = nil
      #expect(faults(of: .object(members), against: schema).count == 1)
    }
  }

  @Test func `a session and a memory are described`() throws {
    struct Records: Codable, Sendable {
      var session: Session
      var memories: [Memory]
    }
    let moment = Timestamp(milliseconds: 1_000)
    let user = UserID(stored: "ada")
    let record = SessionRecord(
      id: .make(), user: user, name: "s", createdAt: moment, lastActivity: moment)
    let records = Records(
      session: SessionLifecycle(timeout: 60).view(of: record, at: moment),
      memories: [
        Memory(id: .make(), user: user, content: "c", metadata: ["a": 1], createdAt: moment),
        Memory(
          id: .make(), user: user, session: .make(), content: "long", createdAt: moment,
          occurredAt: moment, lastAccessedAt: moment
        ).excerpt(2),
      ])
    let exchange = Exchange([ShowTool(value: records)])
    let schema = try #require(try exchange.definition()["outputSchema"])
    let session = schema["properties"]?["session"]
    #expect(session?["properties"]?["status"]?["enum"] == ["active", "expired"])
    #expect(
      session?["required"] == [
        "created_at", "expires_at", "interaction_count", "last_activity", "memory_count",
        "metadata", "name", "session_id", "status", "user_id",
      ])
    let memory = schema["properties"]?["memories"]?["items"]
    #expect(
      memory?["required"] == [
        "access_count", "content", "created_at", "importance", "memory_id", "memory_type",
        "metadata", "updated_at", "user_id", "version",
      ])
    #expect(memory?["properties"]?["occurred_at"]?["format"] == "date-time")
    let output = try #require(try exchange.call("show", "{}")["structuredContent"])
    #expect(faults(of: output, against: schema) == [])
  }

  @Test func `descriptions are the same every time`() throws {
    let first = try JSON.text(try schema(of: everything()))
    for _ in 0..<5 { #expect(try JSON.text(try schema(of: everything())) == first) }
  }

  @Test func `an output that is no object ends the program while it starts`() async {
    await #expect(processExitsWith: .failure) {
      _ = makeServer([ShowTool(value: ["a"])])
    }
  }

  @Test func `two tools of one name end the program while it starts`() async {
    await #expect(processExitsWith: .failure) {
      _ = makeServer([EchoTool(), EchoTool()])
    }
  }
}

/// Outputs that write themselves say what their `encode` says.
@Suite struct WrittenOutputTests {
  private func check<Output: Codable>(_ type: Output.Type, _ text: String) throws {
    let output = try JSON.value(type, from: text)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    #expect(try JSON.text(output) == String(decoding: try encoder.encode(output), as: UTF8.self))
    #expect(try JSON.text(output) == text)
  }

  @Test func `what search_memories and the tools of one session give`() throws {
    let hit = { (more: String) in
      """
      {"factors":{"conversation":0.5,"frequency":0,"importance":0.5,"keyword":1,"recency":0.25,\
      "semantic":0.125,"session":0,"statement":1,"time":0},"memory":{"access_count":2,"content":"a \\"quoted\\" \\\\ word","created_at":\
      "2026-11-24T08:05:09.120Z","importance":0.5,"memory_id":\
      "01a20d54-2c5c-74a9-8abb-33aafe73353f","memory_type":"fact","metadata":{"k":[1,null]},\
      "updated_at":"2026-11-24T08:05:09.120Z","user_id":"ana","version":1},"relevance":0.75\(more)}
      """
    }
    try check(
      SearchMemories.Output.self,
      """
      {"below_relevance":1,"collapsed":0,"count":2,"hits":[\(hit("")),\
      \(hit(#","span":{"end":9,"start":3}"#))],"scope":"user"}
      """)
    try check(
      SearchMemories.Output.self,
      #"{"below_relevance":0,"collapsed":0,"count":0,"hits":[],"scope":"session"}"#)
    try check(
      SessionOutput.self,
      """
      {"session":{"created_at":"2026-11-24T08:05:09.120Z","expires_at":"2026-11-25T08:05:09.120Z",\
      "interaction_count":0,"last_activity":"2026-11-24T08:05:09.120Z","memory_count":3,\
      "metadata":{},"name":"n","session_id":"01a20d54-2c5c-74a9-8abb-33aafe73353f",\
      "status":"active","user_id":"ana"}}
      """)
  }
}
