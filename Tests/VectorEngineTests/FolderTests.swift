import Foundation
import TestSupport
import Testing
import VectorEngine

private func fill(
  _ collection: VectorCollection, _ ids: Range<UInt64>, seed: UInt64, dimension: Int
) throws {
  var generator = SeededGenerator(seed: seed)
  try collection.upsert(
    VectorBatch(
      ids: Array(ids), groups: ids.map { $0 / 2 },
      scopes: ids.map {
        RowScope(user: "user\($0 % 3)", session: $0 % 4 == 0 ? nil : "s\($0 % 4)")
      },
      times: ids.map { Int64($0) }, rows: generator.vector(ids.count * dimension)))
}

@Suite struct FolderTests {
  @Test func `what was flushed is there after opening, in the same places with the same scores`()
    throws
  {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let configuration = try VectorCollection.Configuration(dimension: 20, metric: .cosine)
    let collection = try VectorCollection(at: url, configuration)
    let memory = VectorCollection(configuration)
    for place in [collection, memory] {
      try fill(place, 0..<200, seed: 1, dimension: 20)
      try place.flush()
      try fill(place, 150..<300, seed: 2, dimension: 20)
      _ = try place.remove(ids: [7, 160])
      try place.flush()
      _ = try place.remove(ids: [8])
      try place.flush()
    }
    let opened = try VectorCollection(opening: url)
    try opened.verify()
    #expect(opened.configuration == configuration)
    #expect(opened.statistics.rows == 297)
    #expect(opened.statistics.segments == 2)
    #expect(opened.statistics.bufferedRows == 0)
    var generator = SeededGenerator(seed: 3)
    let scopes: [SearchScope] = [
      .everything, .user("user1"), .session(user: "user2", session: "s1"), .user("user9"),
      .sessions([RowScope(user: "user0"), RowScope(user: "user1", session: "s2")]),
    ]
    for scope in scopes {
      for path in SearchOptions.Path.allCases {
        let query = generator.vector(20)
        let options = SearchOptions(times: 3...280, path: path)
        let expected = try memory.snapshot().search(query, count: 50, in: scope, options)
        #expect(try collection.snapshot().search(query, count: 50, in: scope, options) == expected)
        #expect(try opened.snapshot().search(query, count: 50, in: scope, options) == expected)
      }
    }
    // Writing goes on where it left off, also for rows that are sealed.
    try fill(opened, 290..<310, seed: 4, dimension: 20)
    try opened.flush()
    #expect(try VectorCollection(opening: url).statistics.rows == 307)
    let error = #expect(throws: EngineError.self) {
      try opened.upsert(
        VectorBatch(ids: [1], scopes: [RowScope(user: "user2")], rows: generator.vector(20)))
    }
    #expect(error?.code == .foreignID)
  }

  @Test func `a second writer's flush is refused instead of losing the first one's rows`() throws {
    let directory = try TemporaryDirectory()
    let configuration = try VectorCollection.Configuration(dimension: 4)
    let first = try VectorCollection(at: directory.url, configuration)
    let second = try VectorCollection(at: directory.url, configuration)
    try fill(first, 0..<10, seed: 1, dimension: 4)
    try first.flush()
    try fill(second, 10..<20, seed: 2, dimension: 4)
    let error = #expect(throws: EngineError.self) { try second.flush() }
    #expect(error?.code == .conflict)
    #expect(try VectorCollection(opening: directory.url).statistics.rows == 10)
  }

  @Test func `a folder that is not an index, or one of another shape, is refused`() throws {
    let directory = try TemporaryDirectory()
    let configuration = try VectorCollection.Configuration(dimension: 4)
    let missing = #expect(throws: EngineError.self) {
      try VectorCollection(opening: directory.url)
    }
    #expect(missing?.code == .notAnIndex)
    try Data("something else entirely, and long enough to be a manifest".utf8)
      .write(to: directory.url.appendingPathComponent("MANIFEST"))
    let foreign = #expect(throws: EngineError.self) {
      try VectorCollection(opening: directory.url)
    }
    #expect(foreign?.code == .notAnIndex)
    let other = directory.url.appendingPathComponent("other")
    _ = try VectorCollection(at: other, configuration)
    let shape = #expect(throws: EngineError.self) {
      try VectorCollection(at: other, .init(dimension: 5))
    }
    #expect(shape?.code == .invalidArgument)
    let nowhere = #expect(throws: EngineError.self) {
      try VectorCollection(at: directory.url.appendingPathComponent("a/b/c"), configuration)
    }
    #expect(nowhere?.code == .inputOutput)
  }

  /// Opens the folder, verifies it and searches it in every way.
  private func use(_ url: URL) throws -> [[Neighbor]] {
    let collection = try VectorCollection(opening: url)
    let query = [Float](repeating: 0.5, count: 4)
    let found = [
      try collection.search(query, count: 100),
      try collection.search(query, count: 100, in: .user("user1"), SearchOptions(path: .codes)),
      try collection.search(
        query, count: 100, in: .session(user: "user1", session: "s1"),
        SearchOptions(ids: [1, 5, 13], times: 0...100, path: .blas)),
    ]
    try collection.verify()
    return found
  }

  @Test func `each flipped bit of each file is refused and never an answer`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let collection = try VectorCollection(at: url, .init(dimension: 4))
    try fill(collection, 0..<40, seed: 1, dimension: 4)
    try collection.flush()
    _ = try collection.remove(ids: [3])
    try collection.flush()
    _ = try use(url)
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter {
      $0 != "lock"
    }
    #expect(names.count == 2)
    for name in names {
      let file = url.appendingPathComponent(name)
      let sound = [UInt8](try Data(contentsOf: file))
      let handle = try FileHandle(forUpdating: file)
      func write(_ byte: UInt8, at position: Int) throws {
        try handle.seek(toOffset: UInt64(position))
        try handle.write(contentsOf: [byte])
      }
      for position in sound.indices {
        try write(sound[position] ^ (1 << UInt8(position % 8)), at: position)
        let error = #expect(throws: EngineError.self, "\(name), byte \(position)") { try use(url) }
        #expect(
          [.corrupt, .notAnIndex, .unsupportedVersion].contains(error?.code ?? .conflict),
          "\(name), byte \(position): \(String(describing: error))")
        try write(sound[position], at: position)
      }
    }
    _ = try use(url)
  }

  @Test func `a file cut anywhere is refused at open`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let collection = try VectorCollection(at: url, .init(dimension: 4))
    try fill(collection, 0..<40, seed: 1, dimension: 4)
    try collection.flush()
    for name in try FileManager.default.contentsOfDirectory(atPath: url.path) where name != "lock" {
      let file = url.appendingPathComponent(name)
      let sound = try Data(contentsOf: file)
      for length in stride(from: 0, to: sound.count, by: 997) {
        try sound.prefix(length).write(to: file)
        #expect(throws: EngineError.self, "\(name) cut to \(length)") {
          try VectorCollection(opening: url)
        }
      }
      try sound.write(to: file)
    }
    try FileManager.default.removeItem(
      at: url.appendingPathComponent("segment-00000001.rvs"))
    #expect(throws: EngineError.self) { try VectorCollection(opening: url) }
  }

  @Test func `damage in the rows is found the first time they are lent, and only there`() throws {
    let directory = try TemporaryDirectory()
    let collection = try VectorCollection(at: directory.url, .init(dimension: 1024))
    try fill(collection, 0..<30, seed: 1, dimension: 1024)
    try collection.flush()
    // One row is one chunk of 4096 bytes; the rows of user0 come first.
    let file = directory.url.appendingPathComponent("segment-00000001.rvs")
    var bytes = [UInt8](try Data(contentsOf: file))
    bytes[4096 + 100] ^= 1
    try Data(bytes).write(to: file)
    let opened = try VectorCollection(opening: directory.url)
    let query = [Float](repeating: 1, count: 1024)
    #expect(try opened.search(query, count: 5, in: .user("user1")).count == 5)
    let error = #expect(throws: EngineError.self) {
      try opened.search(query, count: 5, in: .user("user0"))
    }
    #expect(error?.code == .corrupt)
    #expect(error?.message.contains("vectors") == true)
  }

  @Test func `a folder that has lost its manifest is not begun anew`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let configuration = try VectorCollection.Configuration(dimension: 8, metric: .cosine)
    let collection = try VectorCollection(at: url, configuration)
    try fill(collection, 0..<20, seed: 5, dimension: 8)
    try collection.flush()
    let manifest = url.appendingPathComponent("MANIFEST")
    let kept = try Data(contentsOf: manifest)
    try FileManager.default.removeItem(at: manifest)
    let error = #expect(throws: EngineError.self) { try VectorCollection(at: url, configuration) }
    #expect(error?.code == .corrupt)
    try kept.write(to: manifest)
    #expect(try VectorCollection(at: url, configuration).statistics.rows == 20)
  }

  @Test func `verifying looks again at what was found sound before`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let collection = try VectorCollection(
      at: url, .init(dimension: 8, metric: .cosine))
    try fill(collection, 0..<20, seed: 6, dimension: 8)
    try collection.flush()
    let opened = try VectorCollection(opening: url)
    try opened.verify()
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: url.path).first {
        $0.hasPrefix("segment-")
      })
    let file = try FileHandle(forUpdating: url.appendingPathComponent(name))
    // In place, in the last page, where the rows of a small file are.
    let end = try file.seekToEnd()
    var changed: [UInt64] = []
    for offset in stride(from: UInt64(4096), to: end, by: 4096) { changed.append(offset + 8) }
    for offset in changed {
      try file.seek(toOffset: offset)
      let byte = try #require(try file.read(upToCount: 1)?.first)
      try file.seek(toOffset: offset)
      try file.write(contentsOf: [byte ^ 1])
    }
    try file.close()
    #expect(throws: EngineError.self) { try opened.verify() }
  }
}
