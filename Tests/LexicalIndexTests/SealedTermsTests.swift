import Foundation
import LexicalIndex
import TestSupport
import Testing
import VectorEngine

/// Rows in files and in memory, as a store keeps them, and the same rows all in memory.
private final class SealedTwins {
  let url: URL
  private(set) var vectors: VectorCollection
  private(set) var recent = LexicalCollection()
  let whole = LexicalCollection()
  var generator: SeededGenerator

  init(_ url: URL, seed: UInt64) throws {
    self.url = url
    generator = SeededGenerator(seed: seed)
    vectors = try VectorCollection(at: url, .init(dimension: 1, metric: .innerProduct))
  }

  var view: LexicalView {
    LexicalView(sealed: vectors.snapshot(), recent: recent.snapshot())
  }

  func upsert(_ text: String, id: UInt64, user: String, session: String?) throws {
    remove([id])
    let row = LexicalRow(text)
    try vectors.upsert(
      VectorBatch(ids: [id], scopes: [RowScope(user: user, session: session)], rows: [1]))
    recent.upsert(row, id: id, user: user, session: session)
    whole.upsert(row, id: id, user: user, session: session)
  }

  func remove(_ ids: [UInt64]) {
    _ = try? vectors.remove(ids: ids)
    recent.remove(ids: ids)
    whole.remove(ids: ids)
  }

  func seal() throws {
    try vectors.flush(sides: recent.sections)
    recent = LexicalCollection()
  }

  func compact(_ compaction: VectorCollection.Compaction) throws {
    _ = try vectors.compact(compaction, sides: MergedTerms.sections)
  }

  /// What was not sealed is lost, here and in the twin.
  func reopen() throws {
    try seal()
    vectors = try VectorCollection(opening: url)
  }

  // MARK: What is said

  static let users = ["ann", "bo\u{301}b", "bób", ""]
  static let sessions: [String?] = [nil, "s0", "s1", "é", "e\u{301}"]

  func text() -> String {
    let length = Int.random(in: 0..<14, using: &generator)
    let words = (0..<length).map { _ -> String in
      let share = Double.random(in: 0..<1, using: &generator)
      let rank = Int(share * share * share * 80)
      return ["w\(rank)", "longerThanEight\(rank)", "東京\(rank)", "wörter\(rank)", "a/b\(rank)"][
        rank % 5]
    }
    var text = words.joined(separator: " ")
    if Int.random(in: 0..<40, using: &generator) == 0 {
      // More often than a byte counts.
      text += String(
        repeating: " often\(Int.random(in: 0..<3, using: &generator))", count: 254 + length)
    }
    // Of several languages, so that a word has several terms.
    text +=
      [
        "", "", " das ist das Haus und die Häuser w1 nicht", " это не книги w2 книга",
        " las organizaciones que no están w3 pero una organización",
      ].randomElement(using: &generator) ?? ""
    return Bool.random(using: &generator) ? text + "?" : text
  }

  func scope() -> LexicalScope {
    let user = (Self.users + ["nobody"]).randomElement(using: &generator) ?? ""
    let session = Self.sessions.compactMap { $0 }.randomElement(using: &generator) ?? ""
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return .session(user: user, session: session)
    case 1: return .sessions(user: user, sessions: [session, "s1", "none"])
    default: return .user(user)
    }
  }

  /// What differs between the two answers to a random query, bit by bit; nil when nothing does.
  func objection() throws -> String? {
    let query = LexicalQuery(text() + " w1 often1")
    let scope = scope()
    let count = [1, 5, 1000].randomElement(using: &generator) ?? 1
    let divisor = UInt64.random(in: 1...3, using: &generator)
    let holding = Bool.random(using: &generator)
    let memory = LexicalView(sealed: nil, recent: whole.snapshot())
    let expected = whole.snapshot().search(query, scope: scope, count: count, holdingTerms: holding)
    { $0 % divisor == 0 }
    let found = try view.search(query, scope: scope, count: count, holdingTerms: holding) {
      $0 % divisor == 0
    }
    let ids = Array(UInt64(0)...400)
    let texts = ["w1 w3 東京8", "das Haus und die Wörter", ""]
    guard found.matches == expected.matches, found.rowCount == expected.rowCount,
      found.places(of: ids) == expected.places(of: ids),
      try view.coverage(of: query, by: texts, scope: scope)
        == memory.coverage(of: query, by: texts, scope: scope),
      view.count == memory.count,
      // What is scored in rows and what is scored by itself.
      found.places(of: found.matches.map(\.id)).map({ $0?.score }) == found.matches.map(\.score)
    else { return "\(query) in \(scope): \(found.matches) and not \(expected.matches)" }
    return nil
  }
}

@Suite struct SealedTermsTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `files and memory together find what memory alone does, bit for bit`(seed: UInt64) throws {
    let directory = try TemporaryDirectory()
    let twins = try SealedTwins(directory.url.appendingPathComponent("terms"), seed: seed)
    var steps: [String: Int] = [:]
    for round in 0..<200 {
      for _ in 0..<Int.random(in: 1...12, using: &twins.generator) {
        let id = UInt64.random(in: 0...400, using: &twins.generator)
        if Int.random(in: 0..<5, using: &twins.generator) == 0 {
          twins.remove([id, id / 2])
        } else {
          try twins.upsert(
            twins.text(), id: id, user: SealedTwins.users.randomElement(using: &twins.generator)!,
            session: SealedTwins.sessions.randomElement(using: &twins.generator)!)
        }
      }
      let step: String
      switch Int.random(in: 0..<12, using: &twins.generator) {
      case 0, 1, 2:
        step = "seal"
        try twins.seal()
      case 3:
        step = "merge"
        try twins.compact(.due)
      case 4:
        step = "merge all"
        try twins.compact(.everything)
      case 5:
        step = "purge"
        try twins.seal()
        try twins.compact(.deleted)
      case 6:
        step = "reopen"
        try twins.reopen()
      default: step = "none"
      }
      steps[step, default: 0] += 1
      for _ in 0..<3 {
        let objection = try twins.objection()
        #expect(objection == nil, "seed \(seed), round \(round) after \(step)")
        if objection != nil { return }
      }
    }
    #expect(steps.count == 6 && twins.vectors.statistics.segments > 0)
    try twins.vectors.verify()
    for segment in twins.vectors.snapshot().sealedSegments {
      try SealedTerms.check(segment)
    }
  }

  @Test func `words that are deleted are in no file once it was purged`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("terms")
    let twins = try SealedTwins(url, seed: 9)
    try twins.upsert("hello xylophonist", id: 1, user: "ann", session: nil)
    try twins.upsert("hello world", id: 2, user: "bob", session: "s")
    try twins.seal()
    func isThere(_ word: String) throws -> Bool {
      try FileManager.default.contentsOfDirectory(atPath: url.path).contains {
        try Data(contentsOf: url.appendingPathComponent($0)).range(of: Data(word.utf8)) != nil
      }
    }
    #expect(try isThere("xylophonist") && isThere("world"))
    twins.remove([1])
    try twins.seal()
    try twins.compact(.deleted)
    #expect(try !isThere("xylophonist") && isThere("world"))
  }

  @Test func `a file without terms is damaged, and says so`() throws {
    let directory = try TemporaryDirectory()
    let twins = try SealedTwins(directory.url.appendingPathComponent("terms"), seed: 9)
    try twins.upsert("hello", id: 1, user: "ann", session: nil)
    try twins.vectors.flush()
    let failure = #expect(throws: EngineError.self) {
      try twins.view.search(LexicalQuery("hello"), scope: .user("ann"), count: 1)
    }
    #expect(failure?.code == .corrupt)
    try twins.upsert("other", id: 2, user: "ann", session: nil)
    try twins.seal()
    let merging = #expect(throws: EngineError.self) { try twins.compact(.everything) }
    #expect(merging?.code == .corrupt)
  }

  /// Whatever a section says, as long as its checksum is right, nothing ends the process.
  @Test func `a section that cannot be is refused by a search or read as it is`() throws {
    let directory = try TemporaryDirectory()
    let twins = try SealedTwins(directory.url.appendingPathComponent("terms"), seed: 9)
    for id in 1...UInt64(20) {
      try twins.upsert("hello w\(id) and again hello", id: id, user: "ann", session: "s")
    }
    var section: [UInt8] = []
    let first = try VectorCollection(
      at: directory.url.appendingPathComponent("first"),
      .init(dimension: 1, metric: .innerProduct))
    func store(_ collection: VectorCollection) throws {
      try collection.upsert(
        VectorBatch(
          ids: Array(1...20), scopes: (0..<20).map { _ in RowScope(user: "ann", session: "s") },
          rows: [Float](repeating: 1, count: 20)))
    }
    try store(first)
    try first.flush(sides: twins.recent.sections)
    _ = try first.snapshot().sealedSegments[0].withSide("terms") { span in
      section = (0..<span.count).map { span[$0] }
    }
    var generator = SeededGenerator(seed: 11)
    var refused = 0
    for round in 0..<150 {
      var broken = section
      let place = Int.random(in: 0..<(round % 2 == 0 ? 200 : section.count), using: &generator)
      broken[place] = UInt8.random(in: 0...255, using: &generator)
      if round % 10 == 0 { broken.removeLast(Int.random(in: 1..<100, using: &generator)) }
      let collection = try VectorCollection(
        at: directory.url.appendingPathComponent("r\(round)"),
        .init(dimension: 1, metric: .innerProduct))
      try store(collection)
      try collection.flush { _ in ["terms": SideContent(broken)] }
      let view = LexicalView(
        sealed: collection.snapshot(), recent: LexicalCollection().snapshot())
      do throws(EngineError) {
        for term in ["hello", "w3", "zzz"] {
          _ = try view.search(LexicalQuery(term), scope: .user("ann"), count: 5)
        }
        _ = try collection.remove(ids: [3])
        _ = try collection.compact(.everything, sides: MergedTerms.sections)
      } catch {
        #expect(error.code == .corrupt)
        refused += 1
      }
    }
    #expect(refused > 25)
  }
}
