import Foundation
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
      .string(
        [
          "", "a\"b\\c/", "é\u{2028}\n\t", "日本", "😀\u{1}", "\"\\\"é\"", "\u{1F}\\\u{8}\"\u{C}\r\0",
        ].randomElement(using: &generator)!)
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

  @Test func `texts are escaped as written`() throws {
    for (text, expected) in [
      ("\"", #""\"""#), ("a\\\"b", #""a\\\"b""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
      ("\0\"\u{1F}", #""\u0000\"\u001f""#), ("\u{7F}é/", "\"\u{7F}é/\""),
    ] {
      #expect(try JSON.text(text) == expected)
      #expect(try JSON.text(JSONValue.string(text)) == expected)
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

/// Our own writer says what Foundation's does.
@Suite struct JSONWriterTests {
  private struct Part: Codable, Hashable {
    var text = "a/b \"\\\n\u{1}\u{2028}é😀"
    var number = 0.1
    var single: Float = 0.1
    var whole = 3.0
    var great = 1e20
    var count = -5
    var long = UInt64.max
    var flag = true
    var none: Int?
    var list: [Int?] = [1, nil]
    var names = ["b": 1, "a": 2, "é": 3]
    var nested: [[String: Bool]] = [["x": true], [:]]
    var value: JSONValue = ["k": [1, 1.5, .null, "s", false]]
  }

  /// Encodes a part into its own object, as tools' outputs do.
  private struct Whole: Encodable {
    let part: Part
    let more: Int

    private enum CodingKeys: String, CodingKey { case more }

    func encode(to encoder: any Encoder) throws {
      try part.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(more, forKey: .more)
    }
  }

  private struct Nothing: Encodable {
    func encode(to encoder: any Encoder) {}
  }

  private func foundation(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test func `structures, parts, optionals, numbers and escapes`() throws {
    let part = Part()
    #expect(try JSON.text(part) == foundation(part))
    #expect(try JSON.value(Part.self, from: try JSON.text(part)) == part)
    let whole = Whole(part: part, more: 7)
    #expect(try JSON.text(whole) == foundation(whole))
    #expect(try JSON.text([part, part]) == foundation([part, part]))
    #expect(try JSON.text(["only"]) == #"["only"]"#)
    #expect(try JSON.text([Int]()) == "[]" && JSON.text([String: Int]()) == "{}")
    #expect(try JSON.text("alone") == #""alone""# && JSON.text(5) == "5")
    #expect(try JSON.text(Nothing()) == "{}")
  }

  @Test func `every double reads back as it was`() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<5_000 {
      let number = Double(bitPattern: .random(in: 0...UInt64.max, using: &generator))
      guard number.isFinite else { continue }
      let text = try JSON.text([number])
      #expect(try JSON.value([Double].self, from: text) == [number], "\(text)")
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `what is no number is refused`(number: Double) {
    #expect(throws: EncodingError.self) { try JSON.text(["a": number]) }
    #expect(throws: EncodingError.self) { try JSON.text(JSONValue.number(number)) }
  }
}
