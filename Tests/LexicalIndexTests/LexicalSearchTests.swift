import Foundation
import LexicalIndex
import TestSupport
import Testing

/// A collection and an oracle that undergo the same random changes.
private struct Twins {
  static let users = ["ann", "bob", "cy"]
  static let sessions: [String?] = [nil, "s0", "s1", "s2"]

  let collection = LexicalCollection()
  var oracle = LexicalOracle()
  var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// Terms of a skewed distribution, as in a language: some in most rows, many in few.
  mutating func terms(_ lengths: ClosedRange<Int>) -> [String] {
    (0..<Int.random(in: lengths, using: &generator)).map { _ in
      let rank = Double.random(in: 0..<1, using: &generator)
      return "t\(Int(rank * rank * rank * 60))"
    }
  }

  mutating func scope() -> LexicalScope {
    let user = (Self.users + ["nobody"]).randomElement(using: &generator) ?? ""
    if Bool.random(using: &generator) { return .user(user) }
    let session = ["s0", "s1", "s2", "s9"].randomElement(using: &generator) ?? ""
    if Bool.random(using: &generator) { return .session(user: user, session: session) }
    return .sessions(
      user: user, sessions: [session, Bool.random(using: &generator) ? "s1" : "s2"])
  }

  /// Inserts, replaces (also in another session or of another user), or removes.
  mutating func change(ids: ClosedRange<UInt64>) {
    let id = UInt64.random(in: ids, using: &generator)
    if Int.random(in: 0..<5, using: &generator) == 0 {
      let other = UInt64.random(in: ids, using: &generator)
      collection.remove(ids: [id, other, id])
      oracle.rows[id] = nil
      oracle.rows[other] = nil
    } else {
      let user = Self.users.randomElement(using: &generator) ?? ""
      let session = Self.sessions.randomElement(using: &generator) ?? nil
      let terms = terms(0...12)
      collection.upsert(id: id, user: user, session: session, terms: terms)
      oracle.rows[id] = LexicalOracle.Row(user: user, session: session, terms: terms)
    }
  }
}

@Suite struct LexicalSearchTests {
  // Few ids: the same rows change over and over. Many: chunks fill, die and are given up.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64], [40, 900] as [UInt64])
  func `a search equals the oracle after any changes`(seed: UInt64, ids: UInt64) {
    var twins = Twins(seed: seed)
    for _ in 0..<200 {
      for _ in 0..<(ids / 20) { twins.change(ids: 1...ids) }
      let query = twins.terms(0...6) + (Bool.random(using: &twins.generator) ? ["unknown"] : [])
      let scope = twins.scope()
      let count = [1, 3, 10, 2000].randomElement(using: &twins.generator) ?? 1
      let divisor = UInt64.random(in: 1...3, using: &twins.generator)
      let allowing: (UInt64) -> Bool = { $0 % divisor == 0 }
      let found = twins.collection.snapshot().matches(
        terms: query, scope: scope, count: count, allowing: divisor == 1 ? nil : allowing)
      let objection = twins.oracle.objection(
        to: found, terms: query, scope: scope, count: count, allowing: allowing)
      #expect(objection == nil, "seed \(seed), \(query) in \(scope)")
    }
  }

  @Test(arguments: [7, 8] as [UInt64])
  func `the statistics are those of the living rows, and dead rows never outnumber them`(
    seed: UInt64
  ) {
    var twins = Twins(seed: seed)
    for round in 0..<400 {
      for _ in 0..<30 { twins.change(ids: 1...800) }
      if round % 100 == 99 {
        let removed = Array(twins.oracle.rows.keys.sorted().dropFirst(5))
        twins.collection.remove(ids: removed)
        for id in removed { twins.oracle.rows[id] = nil }
      }
      let scope = twins.scope()
      let rows = twins.oracle.rows(in: scope).values
      let length = rows.reduce(0) { $0 + $1.terms.count }
      let found = twins.collection.snapshot().statistics(of: scope)
      #expect(found.rows == rows.count)
      #expect(found.meanLength == (rows.isEmpty ? 0 : Double(length) / Double(rows.count)))
      #expect(found.rows...(2 * found.rows) ~= found.storedRows, "seed \(seed), round \(round)")
    }
  }

  @Test func `scores do not depend on the order in which rows, terms or the query came`() {
    var twins = Twins(seed: 9)
    for id in 1...600 as ClosedRange<UInt64> {
      twins.oracle.rows[id] = LexicalOracle.Row(
        user: "ann", session: nil, terms: twins.terms(1...12))
    }
    let query = Set(twins.terms(8...8))
    var answers: Set<[LexicalMatch]> = []
    for _ in 0..<5 {
      let collection = LexicalCollection()
      for (id, row) in twins.oracle.rows.shuffled(using: &twins.generator) {
        collection.upsert(id: id, user: "ann", session: nil, terms: row.terms.shuffled())
      }
      let terms = query.shuffled(using: &twins.generator) + query
      answers.insert(
        collection.snapshot().matches(terms: terms, scope: .user("ann"), count: 600))
    }
    #expect(answers.count == 1)
    #expect(answers.first?.isEmpty == false)
  }

  @Test func `equal scores come by descending id, also where the count cuts them`() {
    let collection = LexicalCollection()
    for id in (1...700 as ClosedRange<UInt64>).reversed() {
      collection.upsert(id: id, user: "ann", session: nil, terms: ["same", "words"])
    }
    for count in [0, 1, 2, 5, 699, 700, 5000] {
      let found = collection.snapshot().matches(terms: ["same"], scope: .user("ann"), count: count)
      #expect(found.map(\.id) == Array((1...700).reversed().prefix(count)))
    }
  }

  @Test func `a user's neighbours change nothing of an answer`() {
    var generator = Twins(seed: 10)
    let alone = LexicalCollection()
    let crowded = LexicalCollection()
    for id in 0..<500 as Range<UInt64> {
      let terms = generator.terms(1...9)
      alone.upsert(id: id, user: "ann", session: "s", terms: terms)
      crowded.upsert(id: id, user: "ann", session: "s", terms: terms)
      crowded.upsert(id: id + 1000, user: "anna", session: "s", terms: terms)
      crowded.upsert(id: id + 2000, user: "bob", session: "s", terms: generator.terms(1...9))
    }
    for scope in [LexicalScope.user("ann"), .session(user: "ann", session: "s")] {
      let query = ["t0", "t3", "t9"]
      let found = crowded.snapshot().matches(terms: query, scope: scope, count: 5000)
      #expect(found == alone.snapshot().matches(terms: query, scope: scope, count: 5000))
      #expect(found.allSatisfy { $0.id < 500 } && !found.isEmpty)
    }
  }

  @Test func `names that only look alike are different users and sessions`() {
    let collection = LexicalCollection()
    let composed = "Ren\u{E9}"
    let decomposed = "Rene\u{301}"
    #expect(composed == decomposed)
    collection.upsert(id: 1, user: composed, session: composed, terms: ["secret"])
    collection.upsert(id: 2, user: composed, session: decomposed, terms: ["secret"])
    let snapshot = collection.snapshot()
    #expect(snapshot.matches(terms: ["secret"], scope: .user(decomposed), count: 9).isEmpty)
    #expect(snapshot.matches(terms: ["secret"], scope: .user(composed), count: 9).count == 2)
    let session = LexicalScope.session(user: composed, session: decomposed)
    #expect(snapshot.matches(terms: ["secret"], scope: session, count: 9).map(\.id) == [2])
  }

  @Test func `a filter changes no score and each match is asked about once`() {
    let collection = LexicalCollection()
    for id in 1...100 as ClosedRange<UInt64> {
      collection.upsert(id: id, user: "ann", session: nil, terms: id % 4 == 0 ? ["a"] : ["a", "b"])
    }
    let snapshot = collection.snapshot()
    let all = snapshot.matches(terms: ["b"], scope: .user("ann"), count: 100)
    var asked: [UInt64] = []
    let some = snapshot.matches(terms: ["b"], scope: .user("ann"), count: 100) { id in
      asked.append(id)
      return id > 50
    }
    #expect(some == all.filter { $0.id > 50 })
    #expect(asked.sorted() == all.map(\.id).sorted())
  }

  @Test func `what the analyzer makes of a text is found by what it makes of a question`() {
    let collection = LexicalCollection()
    let texts = [
      "Ingrid's dog Balder ran into the fjord.",
      "The build failed with ERR_CONN_42 in parseRequest.",
      "昨日、京都でラーメンを食べました。", "To be or not to be", "Le café près de l’école",
    ]
    for (id, text) in texts.enumerated() {
      collection.upsert(
        id: UInt64(id), user: "ann", session: nil, terms: TextAnalyzer.terms(of: text))
    }
    let questions = [
      "who is ingrid", "request err", "ラーメン", "to be", "ecole cafe",
    ]
    for (id, question) in questions.enumerated() {
      let found = collection.snapshot().matches(
        terms: TextAnalyzer.terms(of: question), scope: .user("ann"), count: 1)
      #expect(found.map(\.id) == [UInt64(id)], "\(question)")
    }
  }
}

@Suite struct LexicalPlaceTests {
  @Test(arguments: [31, 32] as [UInt64])
  func `rows that hold no term themselves can be left out, and nothing else changes`(seed: UInt64) {
    var twins = Twins(seed: seed)
    for _ in 0..<40 {
      for _ in 0..<20 { twins.change(ids: 1...200) }
      let query = twins.terms(1...3)
      let scope = twins.scope()
      let snapshot = twins.collection.snapshot()
      let all = snapshot.search(terms: query, scope: scope, count: 500).matches
      let some = snapshot.search(terms: query, scope: scope, count: 500, holdingTerms: true).matches
      let rows = twins.oracle.rows(in: scope)
      #expect(
        some == all.filter { !Set(rows[$0.id]?.terms ?? []).isDisjoint(with: query) })
    }
  }

  @Test(arguments: [21, 22, 23] as [UInt64])
  func `places are those of the oracle after any changes`(seed: UInt64) throws {
    var twins = Twins(seed: seed)
    for _ in 0..<60 {
      for _ in 0..<20 { twins.change(ids: 1...200) }
      let query = twins.terms(1...5) + ["unknown"]
      let scope = twins.scope()
      let rows = twins.oracle.rows(in: scope)
      let found = twins.collection.snapshot().search(terms: query, scope: scope, count: 0)
      #expect(found.rowCount == rows.count && found.matches.isEmpty)
      let asked = Array(0...300 as ClosedRange<UInt64>).shuffled(using: &twins.generator)
      let places = Dictionary(
        uniqueKeysWithValues: zip(asked, found.places(of: asked)).compactMap { id, place in
          place.map { (id, $0) }
        })
      #expect(Set(places.keys) == Set(rows.keys))
      let scores = Dictionary(
        uniqueKeysWithValues: twins.oracle.search(terms: query, scope: scope).map {
          ($0.id, $0.score)
        })
      for (id, row) in rows {
        #expect(abs((places[id]?.score ?? -1) - (scores[id] ?? 0)) < 1e-9)
        let session = rows.filter {
          $0.key == id || (row.session != nil && $0.value.session == row.session)
        }
        let place = try #require(places[id])
        #expect(place.previous == session.keys.filter { $0 < id }.max())
        #expect(place.next == session.keys.filter { $0 > id }.min())
        let expected = twins.oracle.share(
          of: query, held: Set(session.values.flatMap(\.terms)), scope: scope)
        #expect(abs(place.coverage - expected) < 1e-9, "seed \(seed), row \(id)")
      }
    }
  }

  @Test func `what asks is known of a row after it has moved`() throws {
    let collection = LexicalCollection()
    for id in 0..<600 as Range<UInt64> {
      let share = Double(id % 3) / 2
      collection.upsert(
        LexicalRow(terms: ["a"], questionShare: share), id: id, user: "ann", session: "s")
    }
    collection.remove(ids: Array(0..<200))
    let places = collection.snapshot().search(terms: ["a"], scope: .user("ann"), count: 9)
      .places(of: Array(0..<600))
    #expect(places.prefix(200).allSatisfy { $0 == nil })
    for (id, place) in zip(UInt64(0)..., places).dropFirst(200) {
      let place = try #require(place)
      #expect(abs(place.questionShare - Double(id % 3) / 2) < 0.003)
      #expect(place.previous == (id == 200 ? nil : id - 1))
    }
  }

  @Test(arguments: [
    ("", 0.0), ("Is it late?", 1.0), ("It is late.", 0.0), ("It is late. Is it?", 0.375),
    ("[2026-01-01 10:00] Ana: Where?", 1.0), ("see http://x.org/?q=1 there", 0.0),
    ("晚了吗？是。", 4.0 / 6), ("He asked \"why?\" and left", 14.0 / 24), ("???", 0.0),
    ("version 3.5 is out", 0.0),
  ])
  func `the share of a text that asks is measured by sentence`(text: String, share: Double) {
    #expect(abs(QuestionShare.of(text) - share) < 0.08, "\(QuestionShare.of(text))")
  }
}

extension LexicalOracle {
  /// Which share of a query some terms are, by how rare each is in the scope.
  fileprivate func share(of query: [String], held: Set<String>, scope: LexicalScope) -> Double {
    let rows = rows(in: scope).values
    func rarity(_ term: String) -> Double {
      let holding = Double(rows.count { $0.terms.contains(term) })
      return log(1 + (Double(rows.count) - holding + 0.5) / (holding + 0.5))
    }
    let all = Set(query)
    let total = all.reduce(0.0) { $0 + rarity($1) }
    return all.intersection(held).reduce(0.0) { $0 + rarity($1) } / total
  }
}
