import Records
import Testing

/// What is a filter and what is not.
@Suite struct FilterParsingTests {
  private static let leaf: JSONValue = ["field": "metadata.a", "op": "eq", "value": 1]
  private static let allFields =
    "fields: metadata.<key>, memory_type, importance, created_at, occurred_at, session_id."
  private static let allOperators = "operators eq, ne, in, gt, gte, lt, lte, exists, contains."

  private func nested(_ levels: Int) -> JSONValue {
    (1..<levels).reduce(Self.leaf) { inner, _ in ["not": inner] }
  }

  private func comparison(_ field: String, _ op: String, _ value: JSONValue) -> JSONValue {
    ["field": .string(field), "op": .string(op), "value": value]
  }

  /// Expects a refusal that says just this.
  private func refuses(
    _ json: JSONValue, _ message: String, _ location: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ServiceError.self, sourceLocation: location) {
      try FilterExpression(json)
    }
    #expect(
      error == ServiceError(.invalidArgument, message, field: "filter"), sourceLocation: location)
  }

  @Test func `every operator is read for every field that has it`() throws {
    let text: JSONValue = "x"
    let day: JSONValue = "2026-11-22"
    let id: JSONValue = "0193AC5E-6C0F-7000-8000-00000000000A"
    let values: [(String, JSONValue, [String])] = [
      ("metadata.a", text, ["eq", "ne", "gt", "gte", "lt", "lte", "contains"]),
      ("metadata.a.b.c.d", 1, ["eq", "ne", "gt", "gte", "lt", "lte", "contains"]),
      ("memory_type", text, ["eq", "ne", "gt", "gte", "lt", "lte", "contains"]),
      ("importance", 0.5, ["eq", "ne", "gt", "gte", "lt", "lte"]),
      ("created_at", day, ["eq", "ne", "gt", "gte", "lt", "lte"]),
      ("occurred_at", day, ["eq", "ne", "gt", "gte", "lt", "lte"]),
      ("session_id", id, ["eq", "ne"]),
    ]
    for (field, value, operators) in values {
      for op in operators {
        let json = comparison(field, op, value)
        #expect(try FilterExpression(json).json == json)
      }
      _ = try FilterExpression(comparison(field, "in", [value, value]))
      for exists in [["value": true], ["value": false], [:]] as [[String: JSONValue]] {
        _ = try FilterExpression(
          .object(exists.merging(["field": .string(field), "op": "exists"]) { a, _ in a }))
      }
    }
    _ = try FilterExpression(["and": [Self.leaf, ["or": [Self.leaf, ["not": Self.leaf]]]]])
    _ = try FilterExpression(comparison("metadata.a", "eq", ["b": [1, .null]]))
    _ = try FilterExpression(comparison("metadata.a", "contains", .null))
  }

  @Test func `what is neither a comparison nor a junction is refused by name`() {
    let forms = "and, or, not, or field with op and value"
    for value in [.null, true, 1, "x", [Self.leaf]] as [JSONValue] {
      refuses(value, "filter must be an object with \(forms).")
      refuses(["not": value], "filter.not must be an object with \(forms).")
    }
    refuses([:], "filter is empty; it needs \(forms).")
    refuses(
      ["and": [["a": 1]]], "filter.and[0] has the unknown key \"a\"; allowed: \(forms).")
    refuses(
      ["not": Self.leaf, "xor": []], "filter has the unknown key \"xor\"; allowed: \(forms).")
    refuses(
      ["not": Self.leaf, "and": [Self.leaf]],
      "filter must have just one of and, or, not; nest them to use several.")
    for empty in [[], Self.leaf, .null] as [JSONValue] {
      refuses(["and": empty], "filter.and must be an array of at least one filter.")
      refuses(["or": empty], "filter.or must be an array of at least one filter.")
    }
    refuses(
      ["field": "metadata.a", "op": "eq", "value": 1, "not": Self.leaf],
      "filter has the unknown key \"not\"; a comparison has field, op and value.")
    refuses(
      ["field": "metadata.a", "op": "eq", "values": 1],
      "filter has the unknown key \"values\"; a comparison has field, op and value.")
  }

  @Test func `an unknown field is refused with those there are`() {
    for name in [
      "metadata", "metadata.", "metadata..a", "metadata.a.", ".metadata.a", "Metadata.a", "user_id",
      "content", "", "importance.x", "metadata\u{301}.a", "memory_type ",
    ] {
      refuses(
        comparison(name, "eq", 1), "filter.field \"\(name)\" is unknown; \(Self.allFields)")
    }
    refuses(["op": "eq", "value": 1], "filter.field is missing; \(Self.allFields)")
    refuses(["field": 1, "op": "eq"], "filter.field must be a string; \(Self.allFields)")
    refuses(
      comparison("metadata.a.b.c.d.e", "eq", 1),
      "filter.field names 5 levels of metadata; there are at most 4.")
    let long = String(repeating: "n", count: 100)
    refuses(
      comparison(long, "eq", 1),
      "filter.field \"\(long.prefix(64))\" is unknown; \(Self.allFields)")
  }

  @Test func `an unknown operator is refused with those the field has`() {
    for op in ["", "EQ", "==", "like", "nin", "eq "] {
      refuses(
        comparison("metadata.a", op, 1),
        "filter.op \"\(op)\" is unknown; this field has the \(Self.allOperators)")
    }
    refuses(
      ["field": "memory_type"], "filter.op is missing; this field has the \(Self.allOperators)")
    refuses(
      ["field": "memory_type", "op": .null],
      "filter.op must be a string; this field has the \(Self.allOperators)")
    for field in ["importance", "created_at", "occurred_at"] {
      refuses(
        comparison(field, "contains", 1),
        "filter.op contains says nothing about it; this field has the operators "
          + "eq, ne, in, gt, gte, lt, lte, exists.")
    }
    for op in ["gt", "gte", "lt", "lte", "contains"] {
      refuses(
        comparison("session_id", op, 1),
        "filter.op \(op) says nothing about it; this field has the operators eq, ne, in, exists.")
    }
  }

  @Test func `a value of the wrong kind is refused`() {
    refuses(["field": "metadata.a", "op": "ne"], "filter.value is missing.")
    for value in [.null, 1, "true"] as [JSONValue] {
      refuses(
        comparison("metadata.a", "exists", value),
        "filter.value must be true or false for exists, or be left out.")
    }
    for value in [.null, true, [1], ["a": 1]] as [JSONValue] {
      refuses(
        comparison("metadata.a", "gt", value), "filter.value must be a number or a string for gt.")
      refuses(
        comparison("memory_type", "eq", value), "filter.value must be a string for memory_type.")
      refuses(
        comparison("importance", "lte", value), "filter.value must be a number for importance.")
    }
    for field in ["created_at", "occurred_at"] {
      for value in [.null, 1, "yesterday", "2026-13-01", ""] as [JSONValue] {
        refuses(
          comparison(field, "gte", value),
          "filter.value must be an ISO 8601 time such as 2026-11-22 or 2026-11-22T14:05:00Z.")
      }
    }
    for value in [.null, 1, "mine", ""] as [JSONValue] {
      refuses(
        comparison("session_id", "in", [value]),
        "filter.value[0] must be the id of a session: a UUID, as it was returned.")
    }
  }

  @Test func `the limits are as written, and one more is too much`() throws {
    _ = try FilterExpression(nested(Limits.filterDepth))
    refuses(
      nested(Limits.filterDepth + 1),
      "filter.not.not.not.not.not.not.not.not is nested deeper than 8 levels.")

    let half = JSONValue.array(Array(repeating: Self.leaf, count: Limits.filterComparisons / 2))
    _ = try FilterExpression(["and": [["or": half], ["and": half]]])
    refuses(
      ["and": [["or": half], ["and": half], ["not": Self.leaf]]],
      "filter has more than 64 comparisons.")

    for field in ["metadata.a", "memory_type"] {
      func among(_ count: Int) -> JSONValue {
        comparison(field, "in", .array(Array(repeating: "x", count: count)))
      }
      _ = try FilterExpression(among(1))
      _ = try FilterExpression(among(100))
      for json in [among(0), among(101), comparison(field, "in", "x")] {
        refuses(json, "filter.value must be an array of 1 to 100 values for in.")
      }
    }

    let longest = String(repeating: "é", count: Limits.filterTextLength)
    _ = try FilterExpression(comparison("metadata.a", "contains", .string(longest)))
    _ = try FilterExpression(comparison("metadata.a", "eq", [.object([longest: "x"])]))
    let tooLong = "must not hold a string of more than 1000 characters."
    refuses(
      comparison("metadata.a", "contains", .string(longest + "e")), "filter.value \(tooLong)")
    refuses(
      comparison("metadata.a", "in", [1, [.object([longest + "e": 1])]]),
      "filter.value[1] \(tooLong)")
    refuses(comparison("metadata.a" + longest, "eq", 1), "filter.field \(tooLong)")

    _ = try FilterExpression(comparison("metadata.a", "eq", [[[[]]]]))
    refuses(
      comparison("metadata.a", "eq", [[[[[]]]]]),
      "filter.value must not be nested deeper than 4 levels.")
    refuses(
      comparison("metadata.a", "eq", "a\0b"), "filter.value must not hold the character U+0000.")
    refuses(
      comparison("metadata.a\0", "eq", 1), "filter.field must not hold the character U+0000.")
  }
}
