import TestSupport
import Testing
import VectorEngine
import VectorKernels

@Suite struct InspectionTests {
  private func rows(_ ids: Range<UInt64>, users: UInt64, seed: UInt64) -> VectorBatch {
    var generator = SeededGenerator(seed: seed)
    return VectorBatch(
      ids: Array(ids),
      scopes: ids.map {
        RowScope(user: "user\($0 % users)", session: $0 % 2 == 0 ? nil : "s\($0 % 4)")
      }, rows: generator.vector(ids.count * 6))
  }

  @Test func `an inspection counts living rows over segments and buffer`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: 6))
    try collection.upsert(rows(0..<30, users: 3, seed: 1))
    try collection.flush()
    try collection.upsert(rows(30..<40, users: 3, seed: 2))
    // Everything of user0 but row 9, and all rows of user1's session s3, from the segment.
    _ = try collection.remove(ids: (0..<30).filter { $0 % 3 == 0 && $0 != 9 })
    _ = try collection.remove(in: .session(user: "user1", session: "s3"))
    let ids = (0..<40 as Range<UInt64>).filter {
      !($0 < 30 && $0 % 3 == 0 && $0 != 9) && !($0 % 3 == 1 && $0 % 4 == 3)
    }
    func count(_ user: UInt64) -> Int { ids.count { $0 % 3 == user } }
    let inspection = try collection.inspection()
    #expect(inspection.users == 3)
    #expect(
      inspection.sessions
        == Set(ids.filter { $0 % 2 == 1 }.map { [$0 % 3, $0 % 4] }).count)
    let largest = (0..<3 as Range<UInt64>).sorted {
      count($0) != count($1) ? count($0) > count($1) : $0 < $1
    }
    #expect(inspection.largestUsers.map(\.user) == largest.map { "user\($0)" })
    #expect(inspection.largestUsers.map(\.rows) == largest.map { count($0) })
    #expect(try collection.inspection(largestUsers: 1).largestUsers.count == 1)
    #expect(inspection.segments.map(\.rows) == [30])
    #expect(inspection.segments.map(\.tombstones) == [collection.statistics.tombstones])
    #expect(inspection.segments.map(\.bytes) == [collection.statistics.sealedBytes])
    #expect(inspection.bytes["vectors"] == 30 * 6 * 4)
    #expect(inspection.bytes["ids"] == 30 * 8)
    #expect(inspection.bytes["codes"] == 2 * (2 * 64 + 192))
    #expect(inspection.bytes.count == 16)
  }

  @Test func `an explanation names the path and counts the rows a search reads`() throws {
    let collection = VectorCollection(try .init(dimension: 6))
    try collection.upsert(rows(0..<300, users: 2, seed: 3))
    _ = try collection.remove(ids: [1, 3, 5])
    let snapshot = collection.snapshot()
    var generator = SeededGenerator(seed: 4)
    let queries = generator.vector(6 * 6)
    let scopes: [SearchScope] = [
      .everything, .user("user1"), .user("user1"), .user("user1"), .user("user1"), .user("nobody"),
    ]
    let reports = try snapshot.explain(batch: queries.span, count: 7, in: scopes)
    #expect(reports.map(\.rowsInScope) == [297, 147, 147, 147, 147, 0])
    // Tiles are for machines with instructions for bytes.
    let batch: SearchOptions.Path = InstructionSet.detected == .scalar ? .blas : .tiles
    #expect(reports.map(\.path) == [.codes, batch, batch, batch, batch, .scan])
    #expect((7...297).contains(reports[0].rescoredRows))
    #expect(reports[1...4].allSatisfy { (7...147).contains($0.rescoredRows) })
    #expect(throws: EngineError.self) {
      try snapshot.explain(batch: queries.span, count: 7, in: [.everything])
    }
  }

  @Test(arguments: Metric.allCases)
  func `an objection is made exactly to what a collection refuses`(_ metric: Metric) throws {
    let collection = VectorCollection(try .init(dimension: 3, metric: metric))
    let vectors: [[Float]] = [
      [1, 2, 3], [0, 0, 0], [1e-20, 0, 0], [1, .nan, 0], [.infinity, 0, 0], [2e15, 0, 0],
      [1e14, 0, 0],
    ]
    for vector in vectors {
      let objection = metric.objection(to: vector.span)
      do {
        try collection.upsert(
          VectorBatch(ids: [1], scopes: [RowScope(user: "a")], rows: vector))
        #expect(objection == nil)
      } catch {
        let words = try #require(objection)
        #expect(error.message.hasSuffix(words))
      }
    }
  }
}
