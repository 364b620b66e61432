import Foundation
import TestSupport
import Testing
import VectorEngine

private func batch(_ ids: [UInt64], user: String = "u", _ rows: [Float]) -> VectorBatch {
  VectorBatch(ids: ids, scopes: ids.map { _ in RowScope(user: user, session: "s") }, rows: rows)
}

@Suite struct CollectionTests {
  @Test func `bad input gets an error and changes nothing`() throws {
    let collection = VectorCollection(try .init(dimension: 2))
    try collection.upsert(batch([1], [1, 0]))
    let before = collection.statistics
    let cases: [(VectorBatch, EngineError.Code)] = [
      (batch([2, 3], [1, 0, 1]), .invalidArgument),
      (batch([2, 3], [1, 0, .nan, 1]), .invalidArgument),
      (batch([2, 3], [1, 0, .infinity, 1]), .invalidArgument),
      (batch([2, 3], [1, 0, 0, 0]), .invalidArgument),
      (batch([2, 3], [1, 0, 1e-16, 0]), .invalidArgument),
      (batch([2, 3], [1, 0, 1e16, 0]), .invalidArgument),
      (batch([2, 1], user: "v", [1, 0, 0, 1]), .foreignID),
    ]
    for (bad, code) in cases {
      let error = #expect(throws: EngineError.self) { try collection.upsert(bad) }
      #expect(error?.code == code)
      #expect(collection.statistics == before)
    }
    var uneven = batch([2], [1, 0])
    uneven.times = []
    #expect(throws: EngineError.self) { try collection.upsert(uneven) }
    for query in [[1, 0, 0], [], [.nan, 1], [0, 0]] as [[Float]] {
      let error = #expect(throws: EngineError.self) {
        try collection.search(query, count: 1)
      }
      #expect(error?.code == .invalidArgument)
    }
    #expect(throws: EngineError.self) { try collection.search([1, 0], count: -1) }
    #expect(throws: EngineError.self) { try VectorCollection.Configuration(dimension: 0) }
    #expect(try collection.search([1, 0], count: 5).map(\.id) == [1])
  }

  @Test func `a zero vector is welcome where it has a meaning`() throws {
    let collection = VectorCollection(try .init(dimension: 2, metric: .squaredEuclidean))
    try collection.upsert(batch([1, 2], [0, 0, 3, 4]))
    let found = try collection.search([0, 0], count: 2)
    #expect(found.map(\.score) == [0, -25])
  }

  @Test func `a snapshot never changes, whatever is written afterwards`() throws {
    var generator = SeededGenerator(seed: 5)
    let collection = VectorCollection(try .init(dimension: 8))
    for id in 0..<100 as Range<UInt64> {
      try collection.upsert(batch([id], generator.vector(8)))
    }
    let snapshot = collection.snapshot()
    let query = generator.vector(8)
    let before = try snapshot.search(query, count: 200)
    for id in 0..<100 as Range<UInt64> {
      try collection.upsert(batch([id, id + 1000], generator.vector(16)))
      if id % 3 == 0 { _ = try collection.remove(ids: [id]) }
    }
    #expect(try snapshot.search(query, count: 200) == before)
    _ = try collection.remove(in: .everything)
    #expect(try snapshot.search(query, count: 200) == before)
    #expect(try collection.search(query, count: 200).isEmpty)
  }

  @Test func `readers and a writer work side by side`() async throws {
    let collection = VectorCollection(try .init(dimension: 4))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var generator = SeededGenerator(seed: 6)
        for round in 0..<3000 as Range<UInt64> {
          // A pair of rows is always stored and deleted together.
          let pair = round % 50
          try collection.upsert(
            VectorBatch(
              ids: [2 * pair, 2 * pair + 1], scopes: (0..<2).map { _ in RowScope(user: "u") },
              rows: generator.vector(8)))
          if round % 7 == 0 { _ = try collection.remove(ids: [2 * pair, 2 * pair + 1]) }
        }
      }
      for seed in 7..<9 as Range<UInt64> {
        group.addTask {
          var generator = SeededGenerator(seed: seed)
          for _ in 0..<1500 {
            let found = try await collection.search(
              generator.vector(4), count: 1000, in: .user("u"))
            let ids = Set(found.map(\.id))
            #expect(ids.count == found.count)
            #expect(ids.allSatisfy { ids.contains($0 ^ 1) }, "half a pair was seen")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `replacing a row over and over does not keep the old ones in memory`() throws {
    var generator = SeededGenerator(seed: 10)
    let collection = VectorCollection(try .init(dimension: 4))
    for _ in 0..<2000 { try collection.upsert(batch([1, 2, 3], generator.vector(12))) }
    let found = try collection.search(generator.vector(4), count: 10)
    #expect(Set(found.map(\.id)) == [1, 2, 3])
    #expect(collection.statistics.rows == 3)
  }
}
