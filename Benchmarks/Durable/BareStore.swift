import Foundation
import GRDB

/// One table of SQLite, as durable as the store, and nothing else.
struct BareStore {
  private let queue: DatabaseQueue
  private static let insertion =
    "INSERT INTO rows(name, user, content, time, vector) VALUES (?, ?, ?, ?, ?)"

  init(_ folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    queue = try DatabaseQueue(path: folder.appendingPathComponent("bare.sqlite").path)
    try queue.writeWithoutTransaction { db in
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(
        sql: """
          CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT NOT NULL, user TEXT NOT NULL,
            content TEXT NOT NULL, time INTEGER NOT NULL, vector BLOB NOT NULL) STRICT
          """)
    }
  }

  func close() throws { try queue.close() }

  /// Inserts rows, each in a transaction of its own.
  func addOneByOne(for seconds: Double) throws -> Pace {
    let sample = Sample(seed: 2)
    let vectors = (0..<64).map { Self.bytes(sample.vector($0)) }
    let watch = Stopwatch()
    var number = 0
    while watch.elapsed < seconds {
      try queue.writeWithoutTransaction { db in
        try db.cachedStatement(sql: Self.insertion).execute(
          arguments: [
            UUID().uuidString, "user", sample.text(number), number, vectors[number % 64],
          ])
      }
      number += 1
    }
    return watch.pace(of: number)
  }

  private static let batch = 2_000

  /// Inserts rows in large transactions.
  func addAll(_ count: Int, _ sample: Sample) throws -> Account {
    var account = Account()
    for first in stride(from: 0, to: count, by: Self.batch) {
      let rows = (first..<min(first + Self.batch, count)).map { number in
        (
          name: UUID().uuidString, user: "user\(number % 50)", text: sample.text(number),
          time: number, vector: Self.bytes(sample.vector(number))
        )
      }
      try account.measure {
        try queue.write { db in
          let statement = try db.cachedStatement(sql: Self.insertion)
          for row in rows {
            try statement.execute(arguments: [row.name, row.user, row.text, row.time, row.vector])
          }
        }
      }
    }
    return account
  }

  private static func bytes(_ vector: [Float]) -> Data {
    unsafe vector.withUnsafeBytes { unsafe Data($0) }
  }
}
