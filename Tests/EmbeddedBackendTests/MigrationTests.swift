import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import GRDB
import Records
import Retrieval
import ServiceTestSupport
import TestSupport
import Testing

/// Databases of earlier versions, opened by this one.
@Suite struct MigrationTests {
  /// A database as version 1 made it, with memories whose only vector is of their beginning.
  private func firstVersion(_ contents: [String], _ embedder: HashingEmbedder) throws
    -> TemporaryDirectory
  {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let golden = Checkout.root.appendingPathComponent(
      "Tests/EmbeddedBackendTests/Golden/schema-1.sql")
    let queue = try DatabaseQueue(
      path: folder.appendingPathComponent("recollect.sqlite").path)
    let schema = try String(contentsOf: golden, encoding: .utf8)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: schema)
      try db.execute(
        sql: "INSERT INTO users(id, name, created_at) VALUES (1, 'ana', 1)")
      try db.execute(
        sql: "INSERT INTO settings VALUES ('embedder', ?)",
        arguments: [
          try JSON.text(
            EmbedderIdentity(name: embedder.model.name, dimension: embedder.model.dimension))
        ])
      for (number, content) in contents.enumerated() {
        try db.execute(
          sql: """
            INSERT INTO memories(id, memory_id, user, content, text_hash, memory_type, created_at,
              updated_at, importance) VALUES (?, ?, 1, ?, ?, 'fact', 5, 5, 0.5)
            """,
          arguments: [
            number + 1, MemoryID.make().description, content,
            EqualText.hash(EqualText.normalized(content)),
          ])
        let seen = content.split(separator: " ").prefix(20).joined(separator: " ")
        let vector = try embedder.embed(seen).vector
        try db.execute(
          sql: "INSERT INTO embeddings VALUES (?, ?, ?)",
          arguments: [
            number + 1, seen.count,
            Data(
              vector.flatMap { element in
                (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * UInt32($0))) }
              }),
          ])
      }
    }
    try queue.close()
    return directory
  }

  @Test func `vectors of whole memories are kept, those of beginnings are made again`() throws {
    let embedder = HashingEmbedder(maximumTokens: 20)
    let long = (0..<60).map { "word\($0)" }.joined(separator: " ") + " walrus"
    // Where it is not certain that the beginning was all of it, the vector is made again as well.
    let contents = ["green tea", "naïve cafe\u{301}", long]
    let directory = try firstVersion(contents, embedder)
    let fixture = try ServiceFixture(embedder: embedder, directory: directory)
    try fixture.store.search { searcher in
      #expect(searcher.indexedCounts == IndexedCounts(memories: 3, vectors: 1))
    }
    #expect(try fixture.contents("walrus", user: "ana", strategy: .keyword) == [long])
    #expect(try fixture.memories.embedMissing() == 2)
    try fixture.store.search { searcher in
      #expect(searcher.indexedCounts == IndexedCounts(memories: 3, vectors: 3))
    }
    let hit = try fixture.memories.search(
      .init(query: "word58 word59 walrus", strategy: .semantic, limit: 1),
      caller: ServiceFixture.anyone, user: UserID(stored: "ana"), session: nil
    ).hits.first
    #expect(hit?.memory.content == long)
    #expect(hit?.span?.end == long.unicodeScalars.count)
    let same = try ServiceFixture(embedder: embedder, directory: directory)
    #expect(
      Set(try same.contents("tea café walrus", user: "ana", strategy: .semantic)) == Set(contents))
  }

  @Test func `when a newer program changes the tables meanwhile, this one says to restart it`()
    throws
  {
    let fixture = try ServiceFixture()
    _ = try fixture.add("tea", user: "ana")
    #expect(try fixture.contents("tea", user: "ana") == ["tea"])
    let path = fixture.directory.url.appendingPathComponent("data/recollect.sqlite").path
    let newer = try DatabaseQueue(path: path)
    try newer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
    try newer.close()
    for verb in [
      { _ = try fixture.add("more", user: "ana") },
      { _ = try fixture.contents("tea", user: "ana") }, { _ = try fixture.open("ana") },
      { _ = try fixture.memories.forget(UserID(stored: "ana"), caller: ServiceFixture.anyone) },
    ] {
      let error = #expect(throws: ServiceError.self) { try verb() }
      #expect(error?.code == .unavailable && error?.message.contains("restart") == true)
    }
  }
}
