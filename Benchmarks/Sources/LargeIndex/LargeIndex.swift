// How an index behaves when it is large: `make bench-ten-million`.
//
//   LargeIndex build   <folder> <rows> <users>   seals in pieces, then merges everything
//   LargeIndex measure <folder> <rows> <users>   opens it in a process of its own, and searches
//   LargeIndex remove  <folder> <rows> <users>   deletes one user
//   LargeIndex merge   <folder> <rows> <users>   writes the index anew while it searches
import Foundation
import VectorEngine

@main
enum LargeIndex {
  private static let dimension = 384
  private static let rowsOfPiece = 250_000
  private static let queries = 2000

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let numbers = arguments.dropFirst(2).compactMap { Int($0) }
    guard arguments.count == 4, numbers.count == 2, numbers[1] > 0, numbers[0] >= numbers[1] else {
      print("usage: LargeIndex build|measure|remove|merge <folder> <rows> <users>")
      exit(64)
    }
    let users = EqualUsers(rows: numbers[0], users: numbers[1], dimension: dimension)
    let folder = URL(fileURLWithPath: arguments[1], isDirectory: true)
    switch arguments[0] {
    case "build": try build(users, in: folder)
    case "measure": try measure(users, in: folder)
    case "remove": try remove(users, in: folder)
    case "merge": try merge(users, in: folder)
    default: exit(64)
    }
  }

  // MARK: Building

  private static func build(_ users: EqualUsers, in folder: URL) throws {
    try checkRoom(users, beside: folder)
    let collection = try VectorCollection(at: folder, .init(dimension: dimension))
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    var rows = 0
    var generating = Duration.zero
    let clock = ContinuousClock()
    let start = clock.now
    for user in 0..<users.count {
      generating += clock.measure { users.append(user, to: &batch) }
      guard batch.ids.count >= 10_000 || user == users.count - 1 else { continue }
      try collection.upsert(batch)
      rows += batch.ids.count
      batch = VectorBatch(ids: [], scopes: [], rows: [])
      if collection.statistics.bufferedRows >= rowsOfPiece { try collection.flush() }
    }
    try collection.flush()
    let total = clock.now - start
    say("rows", "\(rows)")
    say("users", "\(users.count)")
    say("sealed files", "\(collection.statistics.segments)")
    say("build without making the rows", seconds(total - generating))
    say("bytes of the files", "\(collection.statistics.sealedBytes)")
    say("most memory while building", megabytes(Memory.peak))
    let merging = try clock.measure { _ = try collection.compact(.everything) }
    say("merging all into one file", seconds(merging))
    say("most memory until then", megabytes(Memory.peak))
    say("bytes of the file", "\(collection.statistics.sealedBytes)")
  }

  /// While everything is merged, the files are there twice.
  private static func checkRoom(_ users: EqualUsers, beside folder: URL) throws {
    let needed = users.rowCount * (dimension * 5 + 64) * 2
    let parent = folder.deletingLastPathComponent()
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: parent.path)
    let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue ?? 0
    guard free > needed + needed / 4 else {
      print(
        "\(free) bytes are free in \(parent.path); this needs about \(needed) and some to spare")
      exit(1)
    }
    say("most disk, about", "\(needed)")
  }

  // MARK: Measuring

  private static func measure(_ users: EqualUsers, in folder: URL) throws {
    let clock = ContinuousClock()
    let before = Memory.resident
    let (start, work) = (clock.now, Processor.time)
    let collection = try VectorCollection(opening: folder)
    let opened = clock.now
    let worked = Processor.time - work
    let first = try collection.search(
      users.query(users.count / 2, 0), count: 10, in: .user(users.key(users.count / 2)))
    let answered = clock.now
    guard first.count == 10 else { fatalError("a user has fewer than ten rows") }
    say("opening", milliseconds(opened - start))
    say("opening, time of the processor", milliseconds(worked))
    say("first scoped answer", milliseconds(answered - opened))
    say("resident before opening", megabytes(before))
    say("resident after the first answer", megabytes(Memory.resident))
    // The first pass meets each user's pages for the first time; in the second they have been checked.
    for pass in ["first", "second"] {
      let times = try pass == "first" ? search(users, collection, 1) : search(users, collection, 2)
      say("scoped search, \(pass) pass, p50", microseconds(times[times.count / 2]))
      say("scoped search, \(pass) pass, p99", microseconds(times[times.count * 99 / 100]))
    }
    say("resident at the end", megabytes(Memory.resident))
  }

  /// Asks in many users' scopes, each time of another user.
  private static func search(
    _ users: EqualUsers, _ collection: VectorCollection, _ number: Int
  ) throws -> [Duration] {
    let clock = ContinuousClock()
    let snapshot = collection.snapshot()
    var times: [Duration] = []
    for query in 0..<queries {
      let user = query * 48_271 % users.count
      let vector = users.query(user, number)
      let scope = SearchScope.user(users.key(user))
      let start = clock.now
      _ = try snapshot.search(vector, count: 10, in: scope)
      times.append(clock.now - start)
    }
    return times.sorted()
  }

  private static func remove(_ users: EqualUsers, in folder: URL) throws {
    let clock = ContinuousClock()
    let collection = try VectorCollection(opening: folder)
    let start = clock.now
    let removed = try collection.remove(in: .user(users.key(users.count / 3)))
    let marked = clock.now
    try collection.flush()
    say("deleting a user of \(removed) rows", milliseconds(marked - start))
    say("making that durable", milliseconds(clock.now - marked))
  }

  /// What was deleted gives the merge a reason.
  private static func merge(_ users: EqualUsers, in folder: URL) throws {
    let outcome = try BesideMerging(users, folder).run()
    say("writing the index anew, beside searches", seconds(outcome.merging))
    let parts = [
      ("alone", outcome.alone), ("beside the merge", outcome.beside),
      ("first in the new file", outcome.first), ("alone again", outcome.after),
    ]
    for (name, times) in parts {
      let numbers = [0.5, 0.99, 0.999, 1].map { microseconds(times.quantile($0)) }
      say(
        "scoped search, \(name): p50, p99, p99.9, slowest of \(times.sorted.count)",
        numbers.joined(separator: ", "))
      let own = [0.99, 0.999, 0.9999, 1].map { microseconds(times.ownQuantile($0)) }
      say(
        "of these not interrupted: p99, p99.9, p99.99, slowest of \(times.uninterrupted.count)",
        own.joined(separator: ", ") + "; waited \(times.waits) times")
    }
    let quiet = outcome.alone.ownQuantile(0.99)
    for share in [0.99, 0.999, 0.9999, 1] {
      say(
        "not interrupted, beside the merge, quantile \(share) : p99 alone",
        rounded(outcome.beside.ownQuantile(share) / quiet, "times"))
    }
  }

  // MARK: Printing

  private static func say(_ what: String, _ value: String) { print("\(what): \(value)") }

  private static func seconds(_ time: Duration) -> String { rounded(time / .seconds(1), "s") }

  private static func milliseconds(_ time: Duration) -> String {
    rounded(time / .milliseconds(1), "ms")
  }

  private static func microseconds(_ time: Duration) -> String {
    rounded(time / .microseconds(1), "µs")
  }

  private static func megabytes(_ bytes: Int) -> String { rounded(Double(bytes) / 1e6, "MB") }

  private static func rounded(_ value: Double, _ unit: String) -> String {
    "\((value * 100).rounded() / 100) \(unit)"
  }
}

/// How long the process has had a processor, which other work beside it does not lengthen much.
enum Processor {
  static var time: Duration {
    .microseconds(Int64(clock()) * 1_000_000 / Int64(CLOCKS_PER_SEC))
  }
}

/// How much memory the process has, as Linux tells it; 0 elsewhere.
enum Memory {
  static var resident: Int { field("VmRSS:") }
  static var peak: Int { field("VmHWM:") }

  private static func field(_ name: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let number = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
    else { return 0 }
    return (Int(number) ?? 0) * 1024
  }
}
