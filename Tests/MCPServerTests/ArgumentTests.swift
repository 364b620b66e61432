import MCPServer
import Records
import Testing

/// One argument named `x`, read under a rule.
private struct Reading<Value: Sendable>: Sendable {
  let rule: ArgumentRule<Value>

  func optional(_ value: JSONValue?) throws -> Value? {
    var reader = ArgumentReader(value.map { ["x": $0] } ?? [:])
    let read = try reader.optional("x", rule, "An x.")
    try reader.finish()
    return read
  }

  func required(_ value: JSONValue?) throws -> Value {
    var reader = ArgumentReader(value.map { ["x": $0] } ?? [:])
    let read = try reader.required("x", rule, "An x.")
    try reader.finish()
    return read
  }

  /// Expects each value to be refused with a message that names the argument.
  func refuses(_ values: [JSONValue], _ location: SourceLocation = #_sourceLocation) {
    for value in values {
      let error = #expect(throws: ServiceError.self, sourceLocation: location) {
        try required(value)
      }
      #expect(error?.code == .invalidArgument, sourceLocation: location)
      #expect(error?.field == "x", sourceLocation: location)
      #expect(error?.message.hasPrefix("x") == true, sourceLocation: location)
    }
  }
}

@Suite struct ArgumentTests {
  private enum Tone: String, CaseIterable, Sendable {
    case plain
    case veryLoud = "very_loud"
  }

  // MARK: Presence

  @Test func `null counts as left out`() throws {
    let text = Reading(rule: .text(1...9))
    #expect(try text.optional(nil) == nil)
    #expect(try text.optional(.null) == nil)
    #expect(try text.optional("a") == "a")
    let error = #expect(throws: ServiceError.self) { try text.required(.null) }
    #expect(error == .invalid("x", "is required"))
    #expect(throws: ServiceError.invalid("x", "is required")) { try text.required(nil) }
  }

  @Test func `a default stands in for what is left out, and for nothing else`() throws {
    func read(_ arguments: [String: JSONValue]) throws -> Int {
      var reader = ArgumentReader(arguments)
      return try reader.optional("x", .integer(in: 1...9), default: 5, "An x.")
    }
    #expect(try read([:]) == 5)
    #expect(try read(["x": .null]) == 5)
    #expect(try read(["x": 1]) == 1)
    #expect(throws: ServiceError.self) { try read(["x": 10]) }
  }

  @Test func `what nobody asked for is refused by name`() throws {
    var reader = ArgumentReader(["x": 1, "zeta": 2, "alpha": .null])
    _ = try reader.optional("x", .integer(in: 0...9), "An x.")
    let error = #expect(throws: ServiceError.self) { try reader.finish() }
    #expect(error?.code == .invalidArgument)
    #expect(error?.field == "alpha")
    #expect(
      error?.message == "alpha is not an argument of this tool; its arguments: x.")
    let none = #expect(throws: ServiceError.self) { try ArgumentReader(["a": 1]).finish() }
    #expect(none?.message.contains("there are none") == true)
  }

  // MARK: Rules

  @Test func `a text has its length in scalars, and is not blank`() throws {
    let text = Reading(rule: .text(2...4))
    #expect(try text.required("ab") == "ab")
    #expect(try text.required(" b ") == " b ")
    #expect(try text.required("e\u{301}e\u{301}") == "e\u{301}e\u{301}")
    text.refuses(["", "a", "abcde", "  ", "\n\u{3000}", "a\0b", 5, true, [], [:]])
    text.refuses(["e\u{301}e\u{301}e"])
    let empty = Reading(rule: .text(0...4))
    #expect(try empty.required("") == "")
    #expect(try empty.required("  ") == "  ")
    empty.refuses(["\0", "abcde"])
    let error = #expect(throws: ServiceError.self) { try text.required("abcde") }
    #expect(error?.message == "x must have 2 to 4 characters, not 5.")
  }

  @Test func `an integer may be written 5.0 and nothing else that is not one`() throws {
    let integer = Reading(rule: .integer(in: 1...9))
    #expect(try integer.required(5) == 5)
    #expect(try integer.required(.number(5)) == 5)
    #expect(try integer.required(1) == 1)
    #expect(try integer.required(9) == 9)
    integer.refuses([0, 10, 5.5, true, "5", [], [:], .number(1e300), .integer(.min)])
    let error = #expect(throws: ServiceError.self) { try integer.required("5") }
    #expect(error?.message == "x must be a whole number from 1 to 9.")
    #expect(try Reading(rule: .integer(in: 1 ... .max)).required(.integer(.max)) == .max)
    Reading(rule: .integer(in: 1 ... .max)).refuses([0])
    Reading(rule: .integer(in: .min...0)).refuses([1])
    Reading(rule: .integer(in: .min ... .max)).refuses([0.5])
  }

  @Test func `a number stays in its range`() throws {
    let number = Reading(rule: .number(in: 0...1))
    for value in [0, 1, 0.5] as [JSONValue] { _ = try number.required(value) }
    #expect(try number.required(0.25) == 0.25)
    number.refuses([-0.001, 1.001, 2, true, "0.5", .number(.nan)])
  }

  @Test func `a flag is true or false`() throws {
    let flag = Reading(rule: .flag)
    #expect(try flag.required(true))
    #expect(try !flag.required(false))
    flag.refuses([0, 1, "true", []])
  }

  @Test func `a choice is one of the raw values`() throws {
    let choice = Reading(rule: .choice(of: Tone.self))
    #expect(try choice.required("very_loud") == .veryLoud)
    choice.refuses(["veryLoud", "PLAIN", "", 1, ["plain"]])
    let error = #expect(throws: ServiceError.self) { try choice.required("soft") }
    #expect(error?.message == "x must be one of plain, very_loud.")
  }

  @Test func `a list has its count, and every element its rule`() throws {
    let list = Reading(rule: .list(of: .text(1...3), count: 1...2))
    #expect(try list.required(["a", "b"]) == ["a", "b"])
    list.refuses([[], ["a", "b", "c"], "a", [:], ["a", 5], ["a", ""], ["a", "long"], ["a\0"]])
    let error = #expect(throws: ServiceError.self) { try list.required(["a", .null]) }
    #expect(error == ServiceError(.invalidArgument, "x[1] must be a string.", field: "x"))
  }

  @Test func `an object may hold anything but U+0000`() throws {
    let object = Reading(rule: .object)
    let deep: JSONValue = [["a": [[["b": .null]]]]]
    #expect(try object.required(["x": deep]) == ["x": deep])
    object.refuses([[], "{}", 1, ["a": "\0"], ["a": [["b\0": 1]]]])
  }

  @Test func `metadata has its size, its depth and no nulls`() throws {
    let metadata = Reading(rule: .metadata)
    let fits = String(repeating: "a", count: Limits.metadataBytes - #"{"k":""}"#.utf8.count)
    #expect(try metadata.required(["k": .string(fits)]) == ["k": .string(fits)])
    #expect(try metadata.required(["a": [["b": []]]]).count == 1)
    #expect(try metadata.required([:]).isEmpty)
    metadata.refuses([
      ["k": .string(fits + "a")], ["a": [["b": [[]]]]], ["a": .null], ["a": "\0"], ["\0": 1], [],
      "",
    ])
  }

  @Test func `changes of metadata may name with null what goes`() throws {
    let changes = Reading(rule: .metadataChanges)
    #expect(try changes.required(["a": .null, "b": 1]) == ["a": .null, "b": 1])
    changes.refuses([["a": [["b": [[]]]]], ["a": "\0"], "a"])
  }

  @Test func `a time is ISO 8601`() throws {
    let time = Reading(rule: .time)
    #expect(try time.required("1970-01-02") == Timestamp(milliseconds: 86_400_000))
    #expect(try time.required(" 1970-01-01T01:00:00+01:00 ") == Timestamp(milliseconds: 0))
    time.refuses(["yesterday", "", 0, "1970-02-30", "1970-01-01\0"])
  }

  @Test func `an id is a UUID in any case, whatever the argument is called`() throws {
    let id = SessionID.make()
    let session = Reading(rule: .id(SessionID.self))
    #expect(try session.required(.string(id.description.uppercased())) == id)
    session.refuses(["", "abc", 5, .string(id.description + "0"), .string(id.description + "\0")])
    let memories = Reading(rule: .list(of: .id(MemoryID.self), count: 1...3))
    memories.refuses([["abc"], ["\0"]])
  }

  // MARK: Users

  private struct UserInput: ToolInput {
    let user: UserID?

    init(_ arguments: inout ArgumentReader) throws { user = try arguments.user() }
  }

  @Test func `a bound caller is not told of the user, who is read all the same`() throws {
    let bound = try ArgumentReader.schema(of: UserInput.self, for: .bound(UserID("ada")))
    #expect(bound["properties"] == [:])
    let free = try ArgumentReader.schema(of: UserInput.self, for: .unbound(default: nil))
    #expect(free["properties"]?["user_id"]?["type"] == "string")
    #expect(free["required"] == [])
    var reader = ArgumentReader(["user_id": " grace "])
    #expect(try UserInput(&reader).user == UserID("grace"))
    try reader.finish()
    var wrong = ArgumentReader(["user_id": "a b"])
    let error = #expect(throws: ServiceError.self) { try UserInput(&wrong) }
    #expect(error?.field == "user_id")
  }

  // MARK: Rules between arguments

  private struct Span: ToolInput {
    let start: Int
    let end: Int

    init(_ arguments: inout ArgumentReader) throws {
      start = try arguments.required("start", .integer(in: 0...9), "First.")
      end = try arguments.required("end", .integer(in: 0...9), "Last.")
      try arguments.verify(start < end, "end", "must be greater than start")
    }
  }

  @Test func `a rule between arguments holds for values, not for descriptions`() throws {
    _ = try ArgumentReader.schema(of: Span.self, for: .unbound(default: nil))
    var good = ArgumentReader(["start": 1, "end": 2])
    #expect(try Span(&good).end == 2)
    var bad = ArgumentReader(["start": 2, "end": 2])
    #expect(throws: ServiceError.invalid("end", "must be greater than start")) {
      try Span(&bad)
    }
  }

  // MARK: Schema

  private struct Everything: ToolInput {
    init(_ arguments: inout ArgumentReader) throws {
      _ = try arguments.required("query", .text(1...40), "A query.")
      _ = try arguments.optional("note", .text(0...9), "A note.")
      _ = try arguments.optional("limit", .integer(in: 1...100), default: 20, "A limit.")
      _ = try arguments.optional("version", .integer(in: 1 ... .max), "A version.")
      _ = try arguments.optional("weight", .number(in: 0...1), default: 0.5, "A weight.")
      _ = try arguments.optional("whole", .flag, default: false, "Whether.")
      _ = try arguments.required("tone", .choice(of: Tone.self), "A tone.")
      _ = try arguments.optional("types", .list(of: .text(1...64), count: 1...20), "Types.")
      _ = try arguments.optional("metadata", .metadata, "Metadata.")
      _ = try arguments.optional("changes", .metadataChanges, "Changes.")
      _ = try arguments.optional("since", .time, "Since.")
      _ = try arguments.user("A user.")
      _ = try arguments.required("session_id", .id(SessionID.self), "A session.")
      _ = try arguments.required(
        "memory_ids", .list(of: .id(MemoryID.self), count: Limits.idsPerCall), "Memories.")
    }
  }

  @Test func `the schema says what is read, in plain words of JSON Schema`() throws {
    let schema = try ArgumentReader.schema(of: Everything.self, for: .unbound(default: nil))
    let expected =
      #"{"type":"object","additionalProperties":false,"#
      + #""required":["query","tone","session_id","memory_ids"],"properties":{"#
      + #""query":{"type":"string","minLength":1,"maxLength":40,"description":"A query."},"#
      + #""note":{"type":"string","maxLength":9,"description":"A note."},"#
      + #""limit":{"type":"integer","minimum":1,"maximum":100,"default":20,"#
      + #""description":"A limit."},"#
      + #""version":{"type":"integer","minimum":1,"description":"A version."},"#
      + #""weight":{"type":"number","minimum":0,"maximum":1,"default":0.5,"#
      + #""description":"A weight."},"#
      + #""whole":{"type":"boolean","default":false,"description":"Whether."},"#
      + #""tone":{"type":"string","enum":["plain","very_loud"],"description":"A tone."},"#
      + #""types":{"type":"array","minItems":1,"maxItems":20,"description":"Types.","#
      + #""items":{"type":"string","minLength":1,"maxLength":64}},"#
      + #""metadata":{"type":"object","description":"Metadata."},"#
      + #""changes":{"type":"object","description":"Changes."},"#
      + #""since":{"type":"string","description":"Since."},"#
      + #""user_id":{"type":"string","minLength":1,"maxLength":128,"description":"A user."},"#
      + #""session_id":{"type":"string","description":"A session."},"#
      + #""memory_ids":{"type":"array","minItems":1,"maxItems":20,"description":"Memories.","#
      + #""items":{"type":"string"}}}}"#
    #expect(try json(JSON.text(schema)) == (try json(expected)))
  }

  @Test func `no argument at all is an object without properties`() throws {
    #expect(
      try ArgumentReader.schema(of: NoArguments.self, for: .unbound(default: nil))
        == (try json(
          #"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#)))
  }
}
