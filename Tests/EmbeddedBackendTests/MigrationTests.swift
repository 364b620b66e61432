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

  @Test func `what version 2 counted by triggers is counted on without them, once`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    let golden = Checkout.root.appendingPathComponent(
      "Tests/EmbeddedBackendTests/Golden/schema-2.sql")
    let path = data.appendingPathComponent("recollect.sqlite").path
    let queue = try DatabaseQueue(path: path)
    let schema = try String(contentsOf: golden, encoding: .utf8)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: schema)
      try db.execute(sql: "INSERT INTO users(id, name, created_at) VALUES (1, 'ana', 1)")
      try db.execute(
        sql: """
          INSERT INTO memories(memory_id, user, content, text_hash, memory_type, created_at,
            updated_at, importance) VALUES (?, 1, 'green tea', ?, 'fact', 5, 5, 0.5)
          """, arguments: [MemoryID.make().description, EqualText.hash("green tea")])
    }
    try queue.close()
    let fixture = try ServiceFixture(directory: directory)
    #expect(try fixture.memories.embedMissing() == 1)
    let session = try fixture.open("ana").session.id
    _ = try fixture.add("black tea", user: "ana")
    for text in ["white tea", "tea with milk"] {
      _ = try fixture.add(text, user: "ana", session: session)
    }
    let (total, held, changes) = try DatabaseQueue(path: path).read { db in
      (
        try Int.fetchOne(db, sql: "SELECT total FROM lifetime WHERE name = 'memories'"),
        try Int.fetchOne(db, sql: "SELECT memory_count FROM sessions"),
        try Int.fetchAll(db, sql: "SELECT memory FROM changes ORDER BY sequence")
      )
    }
    #expect(total == 4 && held == 2 && changes == [1, 1, 2, 3, 4])
    #expect(StoreExamination(data).findings().allSatisfy { $0.status < .wrong })
    #expect(try fixture.contents("tea", user: "ana", strategy: .semantic).count == 4)
    let report = try fixture.store.verifyIndex()
    #expect(report.agrees && report.vectors == 4)
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
