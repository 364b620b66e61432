// One of the two engines of the benchmark `scoped_search.py`, which starts this program, reads the
// data it leaves in the folder, and tells it on standard input what to search and when:
//
//   ScopedSearch <folder> <rows> <users> <dimension> <seed>
//   > <sealed|buffered> <workload> <first query> <queries>
//   < <nanoseconds> <id>:<score> <id>:<score> …        one line for each query
import Foundation
import VectorEngine

@main
enum ScopedSearch {
  private static let resultCount = 10

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    guard let folder = arguments.first, numbers.count == 4 else {
      print("usage: ScopedSearch <folder> <rows> <users> <dimension> <seed>")
      exit(64)
    }
    let population = Population(
      rows: numbers[0], users: numbers[1], dimension: numbers[2], seed: UInt64(numbers[3]))
    let url = URL(fileURLWithPath: folder, isDirectory: true)
    let stores = try Stores(population, in: url)
    let workloads = Workload.all(population)
    try write(population, workloads, to: url)
    try say("ready \(clockCost())")
    try serve(stores, workloads)
  }

  private static func serve(_ stores: Stores, _ workloads: [Workload]) throws {
    while let line = readLine() {
      let words = line.split(separator: " ")
      guard words.count == 4, let workload = workloads.first(where: { $0.name == words[1] }),
        let first = Int(words[2]), let count = Int(words[3])
      else {
        print("a line is: <sealed|buffered> <workload> <first query> <queries>")
        exit(65)
      }
      let snapshot = words[0] == "sealed" ? stores.sealed : stores.buffered
      try say(round(snapshot, workload, first..<(first + count)).joined(separator: "\n"))
    }
  }

  /// Prints at once: the other side waits for it, and a pipe would keep it back.
  private static func say(_ text: String) throws {
    try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
  }

  /// Searches one query after the other; only the searches are inside the measured time.
  private static func round(
    _ snapshot: VectorSnapshot, _ workload: Workload, _ range: Range<Int>
  ) throws -> [String] {
    let dimension = snapshot.configuration.dimension
    let clock = ContinuousClock()
    let scopes = range.map { scope(workload, $0) }
    var times: [Duration] = []
    var results: [[Neighbor]] = []
    times.reserveCapacity(range.count)
    results.reserveCapacity(range.count)
    for (query, scope) in zip(range, scopes) {
      let vector = workload.queries.span.extracting(
        (query * dimension)..<((query + 1) * dimension))
      let start = clock.now
      let found = try snapshot.search(vector, count: resultCount, in: scope)
      times.append(clock.now - start)
      results.append(found)
    }
    return zip(times, results).map { time, found in
      "\(nanoseconds(time)) " + found.map { "\($0.id):\($0.score)" }.joined(separator: " ")
    }
  }

  private static func scope(_ workload: Workload, _ query: Int) -> SearchScope {
    let user = Population.key(ofUser: workload.users[query])
    guard workload.inSessions else { return .user(user) }
    return .session(user: user, session: Population.key(ofSession: workload.sessions[query]))
  }

  /// The median of what reading the clock twice adds to a measurement, in nanoseconds.
  private static func clockCost() -> Int64 {
    let clock = ContinuousClock()
    var times: [Int64] = []
    for _ in 0..<1001 {
      let start = clock.now
      times.append(nanoseconds(clock.now - start))
    }
    return times.sorted()[500]
  }

  private static func nanoseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
  }

  private static func write(
    _ population: Population, _ workloads: [Workload], to folder: URL
  ) throws {
    func url(_ name: String) -> URL { folder.appendingPathComponent(name + ".npy") }
    try ArrayFile.write(population.userStarts, to: url("user_starts"))
    try ArrayFile.write(population.sessionStarts, to: url("session_starts"))
    for workload in workloads {
      try ArrayFile.write(workload.users, to: url(workload.name + ".users"))
      try ArrayFile.write(workload.sessions, to: url(workload.name + ".sessions"))
      let file = try ArrayFile(
        url(workload.name + ".queries"), type: "<f4",
        shape: [workload.users.count, population.dimension])
      try file.append(workload.queries)
    }
  }
}
