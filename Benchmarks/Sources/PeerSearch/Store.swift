import Foundation
import VectorEngine

/// The rows of a file, sealed in a folder, the users one after another.
struct Store {
  let snapshot: VectorSnapshot
  let users: Int
  let seconds: Double
  let bytes: Int

  /// Rows that are added at a time, more or less: whole users.
  private static let batch = 16_384

  /// - Parameters:
  ///   - rows: the file of the vectors.
  ///   - starts: the file of each user's first row, with the number of rows at its end.
  init(rows: String, starts: String, in folder: URL) throws {
    let vectors = try StoredArray<Float>(rows, type: "<f4")
    let starts = try StoredArray<Int64>(starts, type: "<i8").all().map(Int.init)
    let begin = ContinuousClock.now
    let writing = try VectorCollection(at: folder, .init(dimension: vectors.width))
    var first = 0
    while first < starts.count - 1 {
      var last = first + 1
      while last < starts.count - 1, starts[last] - starts[first] < Self.batch { last += 1 }
      let range = starts[first]..<starts[last]
      try writing.upsert(
        VectorBatch(
          ids: range.map(UInt64.init), scopes: Self.scopes(of: first..<last, starts),
          rows: vectors.rows(range)))
      first = last
    }
    try writing.flush()
    seconds = Self.seconds(since: begin)
    let opened = try VectorCollection(opening: folder)
    // Chunks are checked and mapped when they are first touched; here that happens before timing.
    try opened.verify()
    snapshot = opened.snapshot()
    users = starts.count - 1
    bytes = opened.statistics.sealedBytes
  }

  static func key(ofUser user: Int) -> String {
    let text = String(user)
    return "user-" + String(repeating: "0", count: max(0, 6 - text.count)) + text
  }

  private static func scopes(of users: Range<Int>, _ starts: [Int]) -> [RowScope] {
    users.flatMap { user in
      Array(
        repeating: RowScope(user: key(ofUser: user)), count: starts[user + 1] - starts[user])
    }
  }

  private static func seconds(since begin: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - begin) / Duration.seconds(1)
  }
}
