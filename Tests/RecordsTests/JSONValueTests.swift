import Records
import TestSupport
import Testing

@Suite struct JSONValueTests {
  private func random(_ depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
    case 0: .null
    case 1: .bool(.random(using: &generator))
    case 2: .integer(.random(in: .min ... .max, using: &generator))
    case 3: .number(.random(in: -1...1, using: &generator))
    case 4:
      .string(["", "a\"b\\c/", "é\u{2028}\n\t", "日本", "😀\u{1}"].randomElement(using: &generator)!)
    case 5: .integer([0, 1, -1].randomElement(using: &generator)!)
    case 6: .array((0..<3).map { _ in random(depth - 1, &generator) })
    default:
      .object(
        Dictionary(
          uniqueKeysWithValues: (0..<3).map { ("k\($0)", random(depth - 1, &generator)) }))
    }
  }

  @Test func `values survive being written and read`() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<2_000 {
      let value = random(3, &generator)
      let text = try JSON.text(value)
      #expect(!text.contains("\n"), "one line")
      #expect(try JSON.value(JSONValue.self, from: text) == value)
    }
  }

  @Test func `integers stay integers and truth stays truth`() throws {
    let text = #"[9007199254740993,1,true,1.5,"1"]"#
    let value = try JSON.value(JSONValue.self, from: text)
    #expect(
      value == [.integer(9_007_199_254_740_993), .integer(1), .bool(true), .number(1.5), "1"])
    #expect(try JSON.text(value) == text)
  }

  @Test func `members keep every number, also great ones`() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2_000 {
      let double = Double(bitPattern: .random(in: 0...UInt64.max, using: &generator))
      let great = Double(Int64.random(in: .min ... .max, using: &generator))
      let members: [String: JSONValue] = [
        "a": .number(double.isFinite ? double : 0x1p60), "b": .number(great),
        "c": .integer(.random(in: .min ... .max, using: &generator)),
        "d": ["e": random(2, &generator)],
      ]
      let read = try JSON.members(from: try JSON.text(members))
      #expect(JSONValue.object(read).equals(.object(members)), "\(members)")
    }
    for text in ["", "[]", "1", "null", "{", "{}x"] {
      #expect(throws: JSONTextReader.Fault.self) { try JSON.members(from: text) }
    }
  }

  @Test func `of equal names the last counts, unless they are refused`() throws {
    for text in [#"{"a": 1, "a": 1}"#, #"[{"b": {"a": null, "\u0061": 2}}]"#] {
      _ = try JSONTextReader.value(of: Array(text.utf8))
      #expect(throws: JSONTextReader.Fault.self) {
        try JSONTextReader.value(of: Array(text.utf8), refusesRepeatedNames: true)
      }
    }
    let apart = Array(#"{"a": {"a": 1}, "b": {"a": 2}}"#.utf8)
    #expect(
      try JSONTextReader.value(of: apart, refusesRepeatedNames: true)
        == JSONTextReader.value(of: apart))
    #expect(try JSONTextReader.value(of: Array(#"{"a": 1, "a": 2}"#.utf8)) == ["a": 2])
  }

  @Test func `depth counts nested containers`() {
    let value: JSONValue = ["a": [1, ["b": "c"]]]
    #expect(value.depth == 3)
    #expect(JSONValue.string("x").depth == 0)
  }
}
