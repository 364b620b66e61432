import Records
import Testing

/// Which memories a filter means, by example; laws and an oracle stand with the store's tests.
@Suite struct FilterMatchingTests {
  private static let session = SessionID(stored: "0193ac5e-6c0f-7000-8000-00000000000a")

  private let memory = Memory(
    id: MemoryID(stored: "0193ac5e-6c0f-7000-8000-00000000000b"), user: UserID(stored: "ana"),
    session: Self.session, content: "We go to Rome.", type: "fact",
    metadata: [
      "topic": "travel", "count": 3, "ratio": 1.5, "whole": .number(1), "on": true, "none": .null,
      "big": 9_007_199_254_740_993, "tags": ["a", 1, ["x": .null]], "accent": "caf\u{E9}",
      "deep": ["er": ["est": ["key": "v"]]], "a\"b": 1, "it's": 1, "x')--": 1, "日本": 1,
      "\u{301}": 1,
    ],
    createdAt: Timestamp(milliseconds: 1_790_000_000_000), importance: 0.25)

  private func matches(_ field: String, _ op: String, _ value: JSONValue) throws -> Bool {
    try FilterExpression(["field": .string(field), "op": .string(op), "value": value])
      .matches(memory)
  }

  @Test func `values are equal when they stand for the same JSON`() throws {
    let equal: [(String, JSONValue)] = [
      ("count", 3), ("count", 3.0), ("whole", 1), ("ratio", 1.5), ("on", true), ("none", .null),
      ("big", 9_007_199_254_740_993), ("tags", ["a", 1.0, ["x": .null]]),
      ("deep", ["er": ["est": ["key": "v"]]]), ("deep.er.est.key", "v"), ("accent", "caf\u{E9}"),
    ]
    let different: [(String, JSONValue)] = [
      ("whole", true), ("on", 1), ("on", "true"), ("count", "3"), ("none", false),
      ("absent", .null),
      ("big", .number(9_007_199_254_740_992)), ("tags", ["a", 1]),
      ("tags", [1, "a", ["x": .null]]),
      ("tags", "a"), ("deep", ["er": [:]]), ("deep.er", "v"), ("accent", "cafe\u{301}"),
      ("topic", "Travel"), ("tags.0", "a"), ("topic.x", "travel"),
    ]
    for (key, value) in equal {
      #expect(try matches("metadata.\(key)", "eq", value), "\(key) \(value)")
      #expect(try !matches("metadata.\(key)", "ne", value), "\(key) \(value)")
      #expect(try matches("metadata.\(key)", "in", ["?", value]), "\(key) \(value)")
    }
    for (key, value) in different {
      #expect(try !matches("metadata.\(key)", "eq", value), "\(key) \(value)")
      #expect(try matches("metadata.\(key)", "ne", value), "\(key) \(value)")
      #expect(try !matches("metadata.\(key)", "in", ["?", value]), "\(key) \(value)")
    }
  }

  @Test func `numbers are ordered by value and texts by scalar, and nothing else is`() throws {
    let ascending: [[JSONValue]] = [
      [.number(-1e300), .integer(.min), -1.5, -1, 0, 0.5, 1, 9_007_199_254_740_992]
        + [9_007_199_254_740_993, .integer(.max), .number(0x1p63), .number(1e300)],
      ["", "A", "Z", "a", "aa", "b", "é", "\u{FFFD}", "\u{1F600}"],
    ]
    for values in ascending {
      for (place, value) in values.enumerated() {
        var memory = memory
        memory.metadata = ["x": value]
        for (other, operand) in values.enumerated() {
          let expected = [
            "gt": place > other, "gte": place >= other, "lt": place < other, "lte": place <= other,
            "eq": place == other,
          ]
          for (op, outcome) in expected {
            let filter = try FilterExpression(
              ["field": "metadata.x", "op": .string(op), "value": operand])
            #expect(filter.matches(memory) == outcome, "\(value) \(op) \(operand)")
          }
        }
      }
    }
    for op in ["gt", "gte", "lt", "lte"] {
      for key in ["topic", "on", "none", "tags", "deep", "absent"] {
        #expect(try !matches("metadata.\(key)", op, 1))
      }
      for key in ["count", "ratio", "on", "none", "tags", "deep", "absent"] {
        #expect(try !matches("metadata.\(key)", op, "1"))
      }
    }
  }

  @Test func `contains finds texts in texts and elements in arrays`() throws {
    for (key, value) in [
      ("topic", "rave"), ("topic", ""), ("topic", "travel"), ("accent", "f\u{E9}"), ("tags", "a"),
      ("tags", 1.0), ("tags", ["x": .null]),
    ] as [(String, JSONValue)] {
      #expect(try matches("metadata.\(key)", "contains", value), "\(key) \(value)")
    }
    for (key, value) in [
      ("topic", "RAVE"), ("topic", "travels"), ("topic", 1), ("accent", "fe"), ("tags", ""),
      ("tags", true), ("tags", ["a"]), ("deep", "er"), ("count", 3), ("none", .null),
      ("absent", ""),
    ] as [(String, JSONValue)] {
      #expect(try !matches("metadata.\(key)", "contains", value), "\(key) \(value)")
    }
    #expect(try matches("memory_type", "contains", "ac"))
    #expect(try !matches("memory_type", "contains", "ca"))
  }

  @Test func `a field that is not there is equal to nothing`() throws {
    for field in ["metadata.absent", "metadata.topic.x", "metadata.tags.0", "occurred_at"] {
      let value: JSONValue = field == "occurred_at" ? "2026-01-01" : 1
      for op in ["eq", "gt", "gte", "lt", "lte"] {
        #expect(try !matches(field, op, value))
        let negated = try FilterExpression(
          ["not": ["field": .string(field), "op": .string(op), "value": value]])
        #expect(negated.matches(memory))
      }
      #expect(try matches(field, "ne", value))
      #expect(try !matches(field, "in", [value]))
      #expect(try !matches(field, "exists", true) && matches(field, "exists", false))
    }
    for field in ["metadata.none", "metadata.on", "memory_type", "importance", "session_id"] {
      #expect(try matches(field, "exists", true) && !matches(field, "exists", false))
    }
    #expect(try FilterExpression(["field": "created_at", "op": "exists"]).matches(memory))
    #expect(FilterExpression.all.matches(memory))
    #expect(try FilterExpression(FilterExpression.all.json) == .all)
  }

  @Test func `the other fields compare as what they are`() throws {
    #expect(try matches("memory_type", "in", ["preference", "fact"]))
    #expect(try matches("importance", "eq", 0.25) && matches("importance", "lt", 1))
    #expect(try !matches("importance", "gt", 0.25))
    let id = Self.session.description.uppercased()
    #expect(try matches("session_id", "eq", .string(id)))
    #expect(try !matches("session_id", "ne", .string(id)))
    #expect(try matches("session_id", "ne", "0193ac5e-6c0f-7000-8000-00000000000b"))
    let time = memory.createdAt
    #expect(try matches("created_at", "eq", .string(time.description)))
    #expect(try matches("created_at", "gt", .string(String(time.description.prefix(10)))))
    #expect(try !matches("created_at", "lt", .string(time.description)))
    var later = memory
    later.occurredAt = Timestamp("2026-02-03T04:05:06+02:00")
    let filter = try FilterExpression(
      ["field": "occurred_at", "op": "eq", "value": "2026-02-03T02:05:06Z"])
    #expect(filter.matches(later) && !filter.matches(memory))
  }

  @Test func `keys may be any text without dots`() throws {
    for key in ["a\"b", "it's", "x')--", "日本", "\u{301}"] {
      #expect(try matches("metadata.\(key)", "eq", 1), "\(key)")
    }
    #expect(try !matches("metadata.' OR '1'='1", "exists", true))
  }

  @Test func `a long text is searched in linear time`() throws {
    var memory = memory
    memory.metadata = ["x": .string(String(repeating: "a", count: 16_000))]
    let needle = JSONValue.string(String(repeating: "a", count: 999) + "b")
    let filter = try FilterExpression(["field": "metadata.x", "op": "contains", "value": needle])
    let time = ContinuousClock().measure {
      for _ in 0..<20 { #expect(!filter.matches(memory)) }
    }
    #expect(time < .seconds(1), "\(time)")
  }
}
