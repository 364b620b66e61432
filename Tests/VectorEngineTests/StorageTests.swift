import Foundation
import Synchronization
import TestSupport
import Testing
import VectorEngine

private let scopes: [SearchScope] = [
  .everything, .user("user1"), .session(user: "user2", session: "s1"), .user("nobody"),
  .sessions([RowScope(user: "user0"), RowScope(user: "user1", session: "s2")]),
]

/// Rows of a few users and sessions.
private func batch(
  _ ids: [UInt64], _ vectors: inout TrickyVectors, dimension: Int
) -> VectorBatch {
  VectorBatch(
    ids: ids, groups: ids.map { $0 / 2 },
    scopes: ids.map { RowScope(user: "user\($0 % 5)", session: $0 % 3 == 0 ? nil : "s\($0 % 3)") },
    times: ids.map { Int64($0) }, rows: ids.flatMap { _ in vectors.next() })
}

@Suite struct StorageTests {
  private let dimension = 6

  private func expectSame(
    _ collection: VectorCollection, _ oracle: ExhaustiveSearch, _ query: [Float], _ comment: Comment
  ) throws {
    let snapshot = collection.snapshot()
    #expect(snapshot.count == oracle.rows.count, comment)
    for scope in scopes {
      for path in [SearchOptions.Path.scan, .codes] {
        let found = try snapshot.search(query, count: 7, in: scope, SearchOptions(path: path))
        #expect(found == oracle.search(query, count: 7, in: scope), comment)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func `whatever is written, sealed, merged and opened again, a search equals the exhaustive one`(
    seed: UInt64
  ) throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let configuration = try VectorCollection.Configuration(dimension: dimension)
    var collection = try VectorCollection(at: url, configuration)
    let other = try VectorCollection(opening: url)
    var oracle = ExhaustiveSearch(.cosine)
    var published = oracle
    var generator = SeededGenerator(seed: seed)
    var vectors = TrickyVectors(seed: seed, dimension: dimension)
    var position: UInt64 = 0
    for step in 0..<120 {
      let comment: Comment = "seed \(seed), step \(step)"
      switch Int.random(in: 0..<12, using: &generator) {
      case 0...4:
        let count = Int.random(in: 1...20, using: &generator)
        let ids = Set((0..<count).map { _ in UInt64.random(in: 0..<150, using: &generator) })
        let rows = batch(ids.sorted(), &vectors, dimension: dimension)
        try collection.upsert(rows)
        oracle.upsert(rows, dimension: dimension)
      case 5:
        let ids = (0..<8).map { _ in UInt64.random(in: 0..<150, using: &generator) }
        let removed = oracle.remove { ids.contains($0.id) }
        #expect(try collection.remove(ids: Set(ids)) == removed, comment)
      case 6:
        let scope = scopes[Int.random(in: 1..<scopes.count, using: &generator)]
        let removed = oracle.remove { ExhaustiveSearch.holds(scope, $0.scope) }
        #expect(try collection.remove(in: scope) == removed, comment)
      case 7, 8:
        position += 1
        try collection.flush(position: position)
        published = oracle
      case 9: _ = try collection.compact(Bool.random(using: &generator) ? .due : .everything)
      case 10: #expect(try collection.refresh() == false, comment)
      default:
        collection = try VectorCollection(opening: url)
        oracle = published
      }
      let query = vectors.next()
      try expectSame(collection, oracle, query, comment)
      let ids = Array(UInt64(0)..<150)
      #expect(
        try collection.contains(ids: ids)
          == ids.map { id in oracle.rows.contains { $0.id == id } }, comment)
      _ = try other.refresh()
      #expect(other.position == position, comment)
      try expectSame(other, published, query, comment)
    }
    try collection.flush()
    _ = try collection.compact(.everything)
    let opened = try VectorCollection(opening: url)
    try opened.verify()
    try expectSame(opened, oracle, vectors.next(), "seed \(seed), at the end")
    #expect(opened.statistics.segments <= 1 && opened.statistics.tombstones == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    #expect(names.filter { $0.hasSuffix(".rvs") }.count == opened.statistics.segments)
    #expect(!names.contains { $0.hasSuffix(".new") })
  }

  @Test func `compaction keeps few segments, each at least three times all younger ones`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 5, dimension: dimension)
    var most = 0
    for number in 0..<64 {
      let ids = (0..<10).map { UInt64(10 * number + $0) }
      try collection.upsert(batch(ids, &vectors, dimension: dimension))
      try collection.flush()
      _ = try collection.compact()
      let sizes = try collection.inspection().segments.map(\.rows)
      for (place, size) in sizes.enumerated() {
        #expect(size >= 3 * sizes[(place + 1)...].reduce(0, +), "\(sizes)")
      }
      most = max(most, sizes.count)
    }
    // 640 rows by 10: at most 1 + log₄ 64.
    #expect((2...4).contains(most))
    #expect(collection.statistics.rows == 640)
    // A quarter deleted is written again, an eighth is not.
    _ = try collection.compact(.everything)
    _ = try collection.remove(ids: 0..<80)
    try collection.flush()
    #expect(try collection.compact() == 0)
    #expect(try VectorCollection(opening: directory.url).statistics.tombstones == 80)
    _ = try collection.remove(ids: 80..<170)
    try collection.flush()
    #expect(try collection.compact() == 1)
    #expect(try VectorCollection(opening: directory.url).statistics.tombstones == 0)
    // Nothing left: no file at all.
    _ = try collection.remove(in: .everything)
    try collection.flush()
    #expect(try collection.compact() == 1)
    #expect(collection.statistics.segments == 0)
    #expect(try collection.search(vectors.next(), count: 3).isEmpty)
  }

  @Test func `the same writes give the same files, however often they are merged again`() throws {
    func files(_ compacts: (VectorCollection) throws -> Void) throws -> Data {
      let directory = try TemporaryDirectory()
      let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
      var vectors = TrickyVectors(seed: 6, dimension: dimension)
      for number in 0..<6 {
        let ids = (0..<20).map { UInt64(15 * number + $0) }
        try collection.upsert(batch(ids, &vectors, dimension: dimension))
        try collection.flush()
        try compacts(collection)
      }
      _ = try collection.compact(.everything)
      let name = try collection.inspection().segments[0].name
      return try Data(contentsOf: directory.url.appendingPathComponent(name))
    }
    let atOnce = try files { _ in }
    #expect(try files { _ = try $0.compact() } == atOnce)
    #expect(try files { _ = try $0.compact(.everything) } == atOnce)
  }

  @Test func `what was written and not flushed outlives a compaction and is in no file`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 7, dimension: dimension)
    var oracle = ExhaustiveSearch(.cosine)
    for ids in [0..<20, 20..<40] as [Range<UInt64>] {
      let rows = batch(Array(ids), &vectors, dimension: dimension)
      try collection.upsert(rows)
      oracle.upsert(rows, dimension: dimension)
      try collection.flush()
    }
    let sealed = oracle
    let replaced = batch([5, 25, 50], &vectors, dimension: dimension)
    try collection.upsert(replaced)
    oracle.upsert(replaced, dimension: dimension)
    #expect(try collection.remove(ids: [7, 30]) == 2)
    _ = oracle.remove { [7, 30].contains($0.id) }
    #expect(try collection.compact(.everything) == 1)
    let query = vectors.next()
    try expectSame(collection, oracle, query, "here")
    try expectSame(VectorCollection(opening: directory.url), sealed, query, "in the folder")
    try collection.flush()
    try expectSame(VectorCollection(opening: directory.url), oracle, query, "after the flush")
  }

  @Test func `a snapshot reads on from files whose names are gone`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 8, dimension: dimension)
    for ids in [0..<20, 20..<40] as [Range<UInt64>] {
      try collection.upsert(batch(Array(ids), &vectors, dimension: dimension))
      try collection.flush()
    }
    let reader = try VectorCollection(opening: directory.url)
    let snapshot = reader.snapshot()
    let query = vectors.next()
    let expected = try collection.search(query, count: 50)
    #expect(try collection.compact(.everything) == 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(names.filter { $0.hasSuffix(".rvs") } == ["segment-00000003.rvs"])
    #expect(try snapshot.search(query, count: 50) == expected)
    #expect(try reader.refresh())
    #expect(try reader.refresh() == false)
    #expect(reader.statistics.segments == 1)
    #expect(try reader.search(query, count: 50) == expected)
  }

  @Test func `refreshing never gives up what was written here unless it is told to`() throws {
    let directory = try TemporaryDirectory()
    let first = try VectorCollection(at: directory.url, .init(dimension: dimension), label: "mine")
    let second = try VectorCollection(opening: directory.url)
    var vectors = TrickyVectors(seed: 9, dimension: dimension)
    try first.upsert(batch([1, 2], &vectors, dimension: dimension))
    try second.upsert(batch([3, 4], &vectors, dimension: dimension))
    try first.flush(position: 10)
    let refused = #expect(throws: EngineError.self) { try second.refresh() }
    #expect(refused?.code == .conflict)
    #expect(second.statistics.rows == 2 && second.position == 0)
    #expect(try second.refresh(discardingChanges: true))
    #expect(second.position == 10 && second.label == "mine")
    #expect(try second.contains(ids: [1, 2, 3, 4]) == [true, true, false, false])
    try second.flush(position: 11, label: "ours")
    #expect(try first.refresh())
    #expect(first.position == 11 && first.label == "ours")
    let tooLong = #expect(throws: EngineError.self) {
      try first.flush(label: String(repeating: "x", count: 1025))
    }
    #expect(tooLong?.code == .invalidArgument)
  }

  @Test func `sections of others come back byte for byte, and are made anew when files are merged`()
    throws
  {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 10, dimension: dimension)
    // A byte for each row, which tells its id.
    func mark(_ draft: SegmentDraft) throws(EngineError) -> SideSections {
      ["marks": SideContent(draft.ids.map { UInt8($0 ^ 0x55) }), "empty": []]
    }
    for ids in [0..<20, 15..<40] as [Range<UInt64>] {
      try collection.upsert(batch(Array(ids), &vectors, dimension: dimension))
      try collection.flush(sides: mark)
    }
    func expectMarks(_ collection: VectorCollection) throws {
      for segment in collection.snapshot().sealedSegments {
        #expect(segment.sideNames == ["empty", "marks"])
        let ids = try segment.ids()
        let bytes = try segment.withSide("marks") { span in (0..<span.count).map { span[$0] } }
        #expect(bytes == ids.map { UInt8($0 ^ 0x55) })
        #expect(try segment.withSide("empty") { $0.count } == 0)
        #expect(try segment.withSide("none") { $0.count } == nil)
      }
    }
    try expectMarks(collection)
    try expectMarks(VectorCollection(opening: directory.url))
    #expect(
      collection.snapshot().sealedSegments.map { s in (0..<s.rowCount).filter(s.isDeleted).count }
        == [5, 0])
    var origins = 0
    _ = try collection.compact(.everything) { (draft) throws(EngineError) in
      // Copied from where the rows come from.
      var marks: [UInt8] = []
      for origin in draft.origins {
        origins += 1
        let rows = origin.rows
        let bytes = try origin.segment?.withSide("marks") { span in rows.map { span[$0] } }
        marks += bytes ?? []
      }
      return ["marks": SideContent(marks), "empty": []]
    }
    #expect(origins > 2)
    try expectMarks(VectorCollection(opening: directory.url))
    _ = try collection.remove(ids: [1])
    try collection.flush()
    _ = try collection.compact(.everything)
    #expect(collection.snapshot().sealedSegments.map(\.sideNames) == [[]])
    try collection.upsert(batch([99], &vectors, dimension: dimension))
    let refused = #expect(throws: EngineError.self) {
      try collection.flush { _ in ["": [1]] }
    }
    #expect(refused?.code == .invalidArgument)
  }

  @Test func `rows come back as they were stored, from the buffer and from files`() throws {
    let directory = try TemporaryDirectory()
    let configuration = try VectorCollection.Configuration(
      dimension: dimension, metric: .innerProduct)
    let collection = try VectorCollection(at: directory.url, configuration)
    var vectors = TrickyVectors(seed: 13, dimension: dimension)
    let rows = batch(Array(0..<30), &vectors, dimension: dimension)
    try collection.upsert(rows)
    _ = try collection.remove(ids: [4, 9])
    func expectRows() throws {
      let found = try collection.rows(withIDs: rows.ids + [99])
      #expect(found.count == 31 && found[30] == nil)
      for (i, row) in found.dropLast().enumerated() {
        guard ![4, 9].contains(i) else {
          #expect(row == nil)
          continue
        }
        #expect(row?.id == rows.ids[i] && row?.group == rows.groups[i])
        #expect(row?.scope == rows.scopes[i] && row?.time == rows.times[i])
        #expect(row?.vector == Array(rows.rows[(i * dimension)..<((i + 1) * dimension)]))
      }
    }
    try expectRows()
    try collection.flush()
    try expectRows()
  }

  @Test func `a folder that is begun anew holds nothing, and whoever has it open finds that`()
    throws
  {
    let directory = try TemporaryDirectory()
    let configuration = try VectorCollection.Configuration(dimension: dimension)
    var vectors = TrickyVectors(seed: 14, dimension: dimension)
    let first = try VectorCollection(at: directory.url, configuration, label: "old")
    try first.upsert(batch(Array(0..<10), &vectors, dimension: dimension))
    try first.flush(position: 5)
    let generation = first.generation
    let wider = try VectorCollection.Configuration(dimension: dimension + 1)
    let anew = try VectorCollection(
      resetting: directory.url, configuration, label: "new", generation: generation)
    #expect(anew.statistics.rows == 0 && anew.position == 0 && anew.label == "new")
    try anew.upsert(batch([1], &vectors, dimension: dimension))
    try anew.flush(position: 3)
    #expect(try first.refresh() && first.position == 3 && first.statistics.rows == 1)
    // Who found the old one wanting, and comes later, changes nothing.
    let late = try VectorCollection(
      resetting: directory.url, configuration, label: "new", generation: generation)
    #expect(late.statistics.rows == 1)
    // Another shape does, and so does damage.
    let other = try VectorCollection(
      resetting: directory.url, wider, label: "new", generation: late.generation)
    #expect(other.statistics.rows == 0)
    let lost = #expect(throws: EngineError.self) { try first.refresh() }
    #expect(lost?.code == .corrupt)
    try Data("damage".utf8).write(to: directory.url.appendingPathComponent("MANIFEST"))
    let healed = try VectorCollection(
      resetting: directory.url, configuration, label: "new", generation: nil)
    #expect(healed.generation > 1 << 40)
    #expect(try first.refresh() && first.statistics.rows == 0)
  }

  @Test func `what is deleted is in no file once files with deleted rows were written again`()
    throws
  {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 15, dimension: dimension)
    for start in [0, 200, 220] as [UInt64] {
      let ids = Array(start..<(start == 0 ? 200 : start + 20))
      try collection.upsert(batch(ids, &vectors, dimension: dimension))
      try collection.flush()
    }
    let before = try collection.inspection().segments.map(\.name)
    try collection.upsert(
      VectorBatch(ids: [777], scopes: [RowScope(user: "canary")], rows: vectors.next()))
    _ = try collection.remove(ids: [3])
    try collection.flush()
    #expect(try collection.remove(in: .user("canary")) == 1)
    try collection.flush()
    func holdCanary() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: directory.url.path).filter {
        try Data(contentsOf: directory.url.appendingPathComponent($0)).range(
          of: Data("canary".utf8))
          != nil
      }
    }
    #expect(try holdCanary().count == 1)
    #expect(try collection.compact(.deleted) == 2)
    #expect(try holdCanary().isEmpty)
    // Files without deleted rows were left alone.
    let after = try collection.inspection().segments
    #expect(after.map(\.rows) == [199, 20, 20] && after[1...].map(\.name) == Array(before[1...]))
  }

  @Test func `rows that are deleted between a merge and its publication stay deleted`() throws {
    let directory = try TemporaryDirectory()
    let first = try VectorCollection(at: directory.url, .init(dimension: dimension))
    let second = try VectorCollection(opening: directory.url)
    var vectors = TrickyVectors(seed: 21, dimension: dimension)
    try first.upsert(batch(Array(0..<60), &vectors, dimension: dimension))
    try first.flush()
    _ = try second.refresh()
    try second.upsert(batch(Array(60..<120), &vectors, dimension: dimension))
    try second.flush()
    // The first does not know the second's file, opens it to merge it, and opens it once more when it
    // looks what others have published. (Nothing but a test has a reason to do that here.)
    let steps = try first.compact(.everything) { _ throws(EngineError) in
      #expect(try first.refresh())
      #expect(try first.remove(ids: [3, 70, 71]) == 3)
      return [:]
    }
    #expect(steps == 1 && first.statistics.rows == 117)
    let gone: [UInt64] = [3, 70, 71]
    #expect(try first.contains(ids: gone) == [false, false, false])
    let found = try first.search(vectors.next(), count: 200, in: .everything)
    #expect(Set(found.map(\.id)).isDisjoint(with: gone))
    try first.flush()
    let reopened = try VectorCollection(opening: directory.url)
    #expect(try reopened.contains(ids: gone) == [false, false, false])
    #expect(reopened.statistics.rows == 117)
  }

  @Test func `no file that nobody reads outlives the writing anew of what was deleted`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 22, dimension: dimension)
    try collection.upsert(batch(Array(0..<30), &vectors, dimension: dimension))
    try collection.flush()
    // What a process leaves that dies before it has removed what it replaced.
    for name in ["segment-00000099.rvs", "sealing.new", "compaction.new"] {
      try Data("canary".utf8).write(to: directory.url.appendingPathComponent(name))
    }
    #expect(try collection.compact(.deleted) == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted()
    #expect(names == ["MANIFEST", "compaction.lock", "lock", "segment-00000001.rvs"])
    // A folder of that name cannot be removed as a file is.
    try FileManager.default.createDirectory(
      at: directory.url.appendingPathComponent("segment-00000098.rvs"),
      withIntermediateDirectories: false)
    let refusal = #expect(throws: EngineError.self) { try collection.compact(.deleted) }
    #expect(refusal?.code == .inputOutput && refusal?.message.contains("00000098") == true)
  }

  @Test func `whoever waits for the folder gives up in time, and nothing is lost`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 23, dimension: dimension)
    for start in [UInt64(0), 20] {
      try collection.upsert(batch(Array(start..<(start + 20)), &vectors, dimension: dimension))
      try collection.flush()
    }
    let path = directory.url.appendingPathComponent("compaction.lock").path
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    #expect(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
    let refusal = #expect(throws: EngineError.self) {
      try collection.compact(.everything, patience: .milliseconds(50))
    }
    #expect(refusal?.code == .busy)
    flock(descriptor, LOCK_UN)
    #expect(try collection.compact(.everything, patience: .milliseconds(50)) == 1)
    #expect(collection.statistics.rows == 40 && collection.statistics.segments == 1)
  }

  @Test func `readers, writers, seals and compactions beside one another never change a snapshot`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let dimension = dimension
    let collection = try VectorCollection(at: directory.url, .init(dimension: dimension))
    var vectors = TrickyVectors(seed: 12, dimension: dimension)
    let first = batch(Array(0..<60), &vectors, dimension: dimension)
    try collection.upsert(first)
    try collection.flush()
    let query = vectors.next()
    let rounds = 120
    let done = Flag()
    try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask {
        defer { done.set() }
        // Every batch replaces all rows of one user, so each user always has twelve.
        for round in 0..<rounds {
          var vectors = TrickyVectors(seed: UInt64(100 + round), dimension: dimension)
          let user = UInt64(round % 5)
          let ids = (0..<60).filter { $0 % 5 == user }.map { UInt64($0) }
          try collection.upsert(batch(ids, &vectors, dimension: dimension))
          let position = UInt64(round + 1)
          switch round % 4 {
          case 0: try collection.flush(position: position)
          case 2: _ = try collection.tryFlush(position: position)
          default: break
          }
        }
        return 0
      }
      group.addTask {
        var steps = 0
        while !done.isSet { steps += try collection.tryCompact() ? 1 : 0 }
        return steps
      }
      for _ in 0..<2 {
        group.addTask {
          while !done.isSet {
            let snapshot = collection.snapshot()
            #expect(snapshot.count == 60)
            let found = try snapshot.search(query, count: 100)
            for user in 0..<5 {
              let own = try snapshot.search(query, count: 100, in: .user("user\(user)"))
              #expect(own.allSatisfy { $0.id % 5 == user })
            }
            #expect(try snapshot.search(query, count: 100) == found)
            let statistics = collection.statistics
            #expect(statistics.rows == 60)
          }
          return 0
        }
      }
      group.addTask {
        // Another process, which only reads.
        let other = try VectorCollection(opening: directory.url)
        while !done.isSet {
          _ = try other.refresh()
          #expect(other.snapshot().count == 60)
        }
        return 0
      }
      for try await _ in group {}
    }
    _ = try collection.compact()
    try collection.flush()
    #expect(collection.statistics.rows == 60)
    #expect(collection.generation > UInt64(rounds / 4))
    let opened = try VectorCollection(opening: directory.url)
    try opened.verify()
    let expected = try collection.snapshot().search(query, count: 100)
    #expect(try opened.snapshot().search(query, count: 100) == expected)
  }
}

/// Set once, seen by all threads.
private final class Flag: Sendable {
  private let flag = Atomic(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }

  func set() { flag.store(true, ordering: .releasing) }
}
