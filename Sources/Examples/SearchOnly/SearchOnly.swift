// A program that only wants search: no server, no SQL, no text.
//
//   swift run -c release SearchOnly
import Foundation
import VectorEngine

@main
enum SearchOnly {
  static func main() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("recollect-example-\(UUID().uuidString)")
    defer {
      do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(error)") }
    }

    // Two users, two sessions, vectors of four dimensions under the cosine.
    let collection = try VectorCollection(at: folder, .init(dimension: 4))
    try collection.upsert(
      VectorBatch(
        ids: [1, 2, 3, 4],
        scopes: [
          RowScope(user: "ana", session: "monday"), RowScope(user: "ana", session: "monday"),
          RowScope(user: "ana", session: "tuesday"), RowScope(user: "ben"),
        ],
        rows: [
          1, 0, 0, 0,
          1, 1, 0, 0,
          0, 0, 1, 0,
          1, 0, 0, 0,
        ]))
    try collection.flush()  // durable from here on

    // A snapshot never changes, so it can be searched from any thread while others write.
    let snapshot = try VectorCollection(opening: folder).snapshot()
    let query: [Float] = [1, 0.1, 0, 0]
    print("in everything ana has:")
    for hit in try snapshot.search(query, count: 10, in: .user("ana")) {
      print("  row \(hit.id) scores \(hit.score)")
    }
    print("in ana's tuesday:")
    for hit in try snapshot.search(query, count: 10, in: .session(user: "ana", session: "tuesday"))
    {
      print("  row \(hit.id) scores \(hit.score)")
    }
  }
}
