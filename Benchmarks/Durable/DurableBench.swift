// What durability costs: the store beside bare SQLite, on the same disk, in turns.
//
//   DurableBench [<rounds> [<rows of a bulk import> [<folder> [bulk]]]]
import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import Records
import Retrieval

@main
enum DurableBench {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    let rounds = arguments.first.flatMap(Int.init) ?? 5
    let rows = arguments.dropFirst().first.flatMap(Int.init) ?? 20_000
    let folder = URL(
      fileURLWithPath: arguments.count > 2 ? arguments[2] : NSTemporaryDirectory(),
      isDirectory: true
    ).appendingPathComponent("recollect-durable-\(UUID().uuidString.lowercased())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
    print("load before: \(load.trimmingCharacters(in: .newlines))")
    if arguments.last != "bulk" { try adds(rounds, folder) }
    try bulk(rounds, rows, folder)
  }

  /// So long each side writes in a round.
  private static let seconds = 3.0

  private static func adds(_ rounds: Int, _ folder: URL) throws {
    var rates: [String: [Pace]] = [:]
    var ratios: [Double] = []
    for round in 0..<rounds {
      let place = folder.appendingPathComponent("adds-\(round)")
      let bare = try BareStore(place.appendingPathComponent("bare"))
      let alone = try bare.addOneByOne(for: seconds)
      try bare.close()
      let eight = try adds(of: 8, in: place.appendingPathComponent("eight"))
      let one = try adds(of: 1, in: place.appendingPathComponent("one"))
      rates["bare SQLite, one row a commit", default: []].append(alone)
      rates["store, 8 writers", default: []].append(eight)
      rates["store, 1 writer", default: []].append(one)
      ratios.append(eight.perSecond / alone.perSecond)
      try FileManager.default.removeItem(at: place)
    }
    print("\ndurable adds a second (median, lowest, highest of \(rounds) rounds):")
    for (name, paces) in rates.sorted(by: { $0.key < $1.key }) {
      let spent = text(paces.map(\.microseconds))
      print("  \(name): \(text(paces.map(\.perSecond)));  processor time of one, µs: \(spent)")
    }
    print("  8 writers : bare = \(text(ratios))  (wanted: at least 0.8)")
  }

  private static func adds(of writers: Int, in folder: URL) throws -> Pace {
    let store = try OurStore(folder)
    let pace = try store.add(writers: writers, for: seconds)
    try store.close()
    return pace
  }

  private static func bulk(_ rounds: Int, _ rows: Int, _ folder: URL) throws {
    var paces: [String: [Pace]] = [:]
    var ratios: [Double] = []
    var space: [Double] = []
    for round in 0..<rounds {
      let place = folder.appendingPathComponent("bulk-\(round)")
      let sample = Sample(seed: UInt64(round))
      let bare = try BareStore(place.appendingPathComponent("bare"))
      let alone = try bare.addAll(rows, sample)
      try bare.close()
      let store = try OurStore(place.appendingPathComponent("store"))
      let (storing, indexing) = try store.addAll(rows, sample)
      try store.close()
      let payload = (0..<rows).reduce(0) { $0 + sample.text($1).utf8.count + 4 * Sample.dimension }
      space.append(Double(try store.bytes()) / Double(payload))
      ratios.append(alone.seconds / (storing + indexing).seconds)
      for (name, account) in [
        ("1. bare GRDB, one table", alone), ("2. store, index included", storing + indexing),
        ("3. of that, the transactions", storing), ("4. of that, the index", indexing),
      ] {
        paces[name, default: []].append(account.pace(of: rows))
      }
      try FileManager.default.removeItem(at: place)
    }
    print("\nbulk import of \(rows) rows with given vectors of \(Sample.dimension), rows a second:")
    for (name, paces) in paces.sorted(by: { $0.key < $1.key }) {
      let spent = text(paces.map(\.microseconds))
      print("  \(name): \(text(paces.map(\.perSecond)));  processor time of one, µs: \(spent)")
    }
    print("  store : bare = \(text(ratios))  (wanted: at least 0.35)")
    print("  bytes on disk : vectors in fp32 and text = \(text(space))  (wanted: at most 2.6)")
  }

  private static func text(_ values: [Double]) -> String {
    let sorted = values.sorted()
    guard let low = sorted.first, let high = sorted.last else { return "–" }
    return [sorted[sorted.count / 2], low, high].map {
      String(format: $0 < 10 ? "%.2f" : "%.0f", $0)
    }
    .joined(separator: ", ")
  }
}
