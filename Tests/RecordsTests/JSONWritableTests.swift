import Foundation
import Records
import TestSupport
import Testing

/// Records that write themselves say what their `encode` says.
@Suite struct JSONWritableTests {
  private func foundation(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Not a record itself, so its parts are met inside something else.
  private struct Around<Value: Encodable>: Encodable {
    let part: Value
    let parts: [Value]
  }

  private func check(_ value: some JSONWritable) throws {
    #expect(try JSON.text(value) == foundation(value))
    let around = Around(part: value, parts: [value, value])
    #expect(try JSON.text(around) == foundation(around))
  }

  /// Of every member that may be missing, each is there or not.
  private struct Source {
    var generator: SeededGenerator

    mutating func some<T>(_ value: T) -> T? { Bool.random(using: &generator) ? value : nil }
    mutating func text() -> String {
      let parts = [
        "tea", " ", "\"", "\\", "/", "\u{1}", "\u{1F}", "\n\t\r", "\u{8}\u{C}", "\u{7F}", "é", "😀",
        "{",
      ]
      let count = Int.random(in: 0...6, using: &generator)
      return (0..<count).compactMap { _ in parts.randomElement(using: &generator) }.joined()
    }

    mutating func count() -> Int { .random(in: -3...3_000_000, using: &generator) }

    mutating func time() -> Timestamp {
      let usual: ClosedRange<Int64> = 0...4_000_000_000_000
      let any: ClosedRange<Int64> = -70_000_000_000_000...400_000_000_000_000
      let range = Bool.random(using: &generator) ? usual : any
      return Timestamp(milliseconds: .random(in: range, using: &generator))
    }

    mutating func share() -> Double {
      let shares = [0, 1, 0.5, 0.25, 1e-7, -0.0, 3, .random(in: 0...1, using: &generator)]
      return shares.randomElement(using: &generator) ?? 0
    }

    mutating func metadata() -> [String: JSONValue] {
      Bool.random(using: &generator)
        ? [:] : [text(): .string(text()), "n": .integer(.min), "m": [1, 1.5, .null, ["k": false]]]
    }
  }

  @Test func `memories`() throws {
    var source = Source(generator: SeededGenerator(seed: 21))
    for _ in 0..<500 {
      var memory = Memory(
        id: .make(), user: UserID(stored: source.text()), session: source.some(SessionID.make()),
        content: source.text(), type: source.text(), metadata: source.metadata(),
        createdAt: source.time(), updatedAt: source.some(source.time()),
        occurredAt: source.some(source.time()), accessCount: source.count(),
        lastAccessedAt: source.some(source.time()), importance: source.share(),
        version: source.count(), expiresAt: source.some(source.time()),
        supersedes: source.some(MemoryID.make()), supersededBy: source.some(MemoryID.make()))
      memory.truncated = source.some(true)
      memory.contentCharacters = source.some(source.count())
      memory.contentStart = source.some(source.count())
      try check(memory)
    }
  }

  @Test func `sessions`() throws {
    var source = Source(generator: SeededGenerator(seed: 22))
    for _ in 0..<500 {
      let record = SessionRecord(
        id: .make(), user: UserID(stored: source.text()), name: source.text(),
        createdAt: source.time(), lastActivity: source.time(),
        expiredAt: source.some(source.time()), interactionCount: source.count(),
        memoryCount: source.count(), metadata: source.metadata(),
        continues: source.some(SessionID.make()))
      try check(SessionLifecycle(timeout: 3600).view(of: record, at: source.time()))
    }
  }

  @Test func `factors and spans`() throws {
    var source = Source(generator: SeededGenerator(seed: 23))
    for _ in 0..<500 {
      try check(
        RelevanceFactors(
          semantic: source.share(), keyword: source.share(), recency: source.share(),
          frequency: source.share(), importance: source.share(), session: source.share()))
      try check(TextSpan(start: source.count(), end: source.count()))
    }
  }
}
