import Foundation
import LexicalIndex
import TestSupport
import Testing
import VectorEngine

/// A section of format 1 as it was first written: it must stay readable, and be written the same.
@Suite struct TermGoldenTests {
  private static let file = Checkout.root.appendingPathComponent(
    "Tests/LexicalIndexTests/Golden/terms")

  private static let texts: [(text: String, user: String, session: String?)] = [
    ("What does parse_request in /usr/lib do? I asked.", "ann", "s1"),
    ("", "ann", nil),
    ("Wir haben die Häuser nicht gesehen, und die Häuser haben uns nicht gesehen.", "bob", "s1"),
    ("東京タワー 🙂 internationalization", "ann", "s1"),
    (String(repeating: "again ", count: 300), "bob", nil),
    ("internationally known, and so is this?", "ann", "s2"),
  ]

  private func rows(_ numbers: Range<Int>) -> VectorBatch {
    VectorBatch(
      ids: numbers.map { UInt64($0) },
      scopes: numbers.map { RowScope(user: Self.texts[$0].user, session: Self.texts[$0].session) },
      rows: numbers.map { _ in 1 })
  }

  private func terms(_ numbers: Range<Int>) -> LexicalCollection {
    let terms = LexicalCollection()
    for number in numbers {
      let (text, user, session) = Self.texts[number]
      terms.upsert(LexicalRow(text), id: UInt64(number), user: user, session: session)
    }
    return terms
  }

  private func section(_ collection: VectorCollection) throws -> [UInt8] {
    #expect(collection.statistics.segments == 1)
    return try collection.snapshot().sealedSegments[0].withSide("terms") { span in
      (0..<span.count).map { span[$0] }
    } ?? []
  }

  private func collection(_ directory: TemporaryDirectory, _ name: String) throws
    -> VectorCollection
  {
    try VectorCollection(
      at: directory.url.appendingPathComponent(name), .init(dimension: 1, metric: .innerProduct))
  }

  @Test func `today's writer produces the golden section, sealed at once or merged`() throws {
    let directory = try TemporaryDirectory()
    let all = 0..<Self.texts.count
    let sealed = try collection(directory, "sealed")
    try sealed.upsert(rows(all))
    try sealed.flush(sides: terms(all).sections)
    let bytes = try section(sealed)
    if ProcessInfo.processInfo.environment["RECOLLECT_TEST_WRITE_GOLDEN"] != nil {
      try Data(bytes).write(to: Self.file)
    }
    let golden = try [UInt8](Data(contentsOf: Self.file))
    let first = zip(bytes, golden).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(
      bytes == golden, "\(bytes.count) and \(golden.count) bytes, first at \(first?.offset ?? -1)")
    let merged = try collection(directory, "merged")
    for part in [0..<2, 2..<4, 4..<Self.texts.count] {
      try merged.upsert(rows(part))
      try merged.flush(sides: terms(part).sections)
    }
    _ = try merged.compact(.everything, sides: MergedTerms.sections)
    #expect(try section(merged) == golden)
  }

  @Test func `the golden section holds the texts' terms`() throws {
    let directory = try TemporaryDirectory()
    let collection = try collection(directory, "read")
    try collection.upsert(rows(0..<Self.texts.count))
    let golden = try [UInt8](Data(contentsOf: Self.file))
    try collection.flush { _ in ["terms": SideContent(golden)] }
    let segment = collection.snapshot().sealedSegments[0]
    try SealedTerms.check(segment)
    try SealedTerms.forEachStep(of: segment) { step in
      #expect(step.count == Self.texts.count)
      for row in step {
        #expect(row.content == SealedTerms.Content(Self.texts[Int(row.id)].text))
      }
    }
    let view = LexicalView(sealed: collection.snapshot(), recent: LexicalCollection().snapshot())
    for (query, user, id) in [
      ("request", "ann", 0), ("Haus", "bob", 2), ("東京", "ann", 3), ("again", "bob", 4),
    ] {
      let found = try view.search(LexicalQuery(query), scope: .user(user), count: 1)
      #expect(found.matches.first?.id == UInt64(id), "\(query)")
    }
  }
}
