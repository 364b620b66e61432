import LexicalIndex
import TestSupport
import Testing

@Suite struct LexicalSnapshotTests {
  private static let scopes: [LexicalScope] = [
    .user("ann"), .session(user: "ann", session: "s1"), .user("bob"),
  ]

  private static func answers(_ snapshot: LexicalSnapshot) -> [[LexicalMatch]] {
    scopes.map { snapshot.matches(terms: ["t0", "t1", "t5"], scope: $0, count: 10_000) }
  }

  private static func change(
    _ collection: LexicalCollection, _ generator: inout SeededGenerator
  ) {
    let id = UInt64.random(in: 0..<1500, using: &generator)
    if Int.random(in: 0..<4, using: &generator) == 0 {
      collection.remove(ids: [id])
    } else {
      collection.upsert(
        id: id, user: Bool.random(using: &generator) ? "ann" : "bob",
        session: "s\(Int.random(in: 0..<3, using: &generator))",
        terms: (0..<6).map { _ in "t\(Int.random(in: 0..<20, using: &generator))" })
    }
  }

  @Test(arguments: [11, 12] as [UInt64])
  func `a snapshot answers the same whatever is written after it`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let collection = LexicalCollection()
    var kept: [(snapshot: LexicalSnapshot, answers: [[LexicalMatch]])] = []
    for step in 0..<6000 {
      Self.change(collection, &generator)
      // At odd distances, so that chunks are caught empty, half full, full and given up.
      if step % 197 == 0 {
        let snapshot = collection.snapshot()
        kept.append((snapshot, Self.answers(snapshot)))
      }
    }
    collection.remove(ids: Array(0..<1500))
    for (snapshot, answers) in kept { #expect(Self.answers(snapshot) == answers) }
    #expect(Self.answers(collection.snapshot()).allSatisfy { $0.isEmpty })
    #expect(collection.snapshot().statistics(of: .user("ann")).storedRows == 0)
  }

  @Test func `readers see whole rows while one writer goes on`() async {
    let collection = LexicalCollection()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<20_000 { Self.change(collection, &generator) }
      }
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<300 {
            let snapshot = collection.snapshot()
            let answers = Self.answers(snapshot)
            #expect(Self.answers(snapshot) == answers)
            for (scope, found) in zip(Self.scopes, answers) {
              #expect(found.count <= snapshot.statistics(of: scope).rows)
              #expect(Set(found.map(\.id)).count == found.count)
            }
          }
        }
      }
    }
  }

  @Test func `a row that is moved back and forth is in one place in every snapshot`() async {
    let collection = LexicalCollection()
    collection.upsert(id: 1, user: "ann", session: "s0", terms: ["t0"])
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for step in 0..<20_000 {
          let user = step % 3 == 0 ? "ann" : "bob"
          collection.upsert(id: 1, user: user, session: "s\(step % 2)", terms: ["t0"])
        }
      }
      group.addTask {
        for _ in 0..<5000 {
          let snapshot = collection.snapshot()
          let rows = ["ann", "bob"].map { snapshot.statistics(of: .user($0)).rows }
          #expect(rows.reduce(0, +) == 1)
        }
      }
    }
  }

  @Test func `many users and many sessions of one user come and go`() {
    let collection = LexicalCollection()
    let before = collection.snapshot()
    let count: UInt64 = 20_000
    for id in 0..<count {
      collection.upsert(id: id, user: "u\(id)", session: "s", terms: ["a", "b"])
      collection.upsert(id: id + count, user: "ann", session: "s\(id)", terms: ["a", "c"])
    }
    let full = collection.snapshot()
    collection.remove(ids: Array(0..<(2 * count)))
    let after = collection.snapshot()
    for id in stride(from: 0, to: count, by: 37) {
      let user = LexicalScope.user("u\(id)")
      let session = LexicalScope.session(user: "ann", session: "s\(id)")
      #expect(full.matches(terms: ["b"], scope: user, count: 3).map(\.id) == [id])
      #expect(full.matches(terms: ["c"], scope: session, count: 3).map(\.id) == [id + count])
      for empty in [before, after] {
        #expect(empty.statistics(of: user).rows == 0)
        #expect(empty.statistics(of: session).rows == 0)
      }
    }
    #expect(full.matches(terms: ["a"], scope: .user("ann"), count: .max).count == Int(count))
    #expect(after.matches(terms: ["a"], scope: .user("ann"), count: .max).isEmpty)
  }
}
