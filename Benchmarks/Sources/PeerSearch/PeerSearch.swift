// The engine of the benchmark in `peers`, which starts this program and asks it in lines of JSON:
//
//   PeerSearch <empty folder> <rows.npy> <starts.npy>
import Foundation
import VectorEngine

@main
enum PeerSearch {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 3 else {
      print("usage: PeerSearch <empty folder> <rows.npy> <starts.npy>")
      exit(64)
    }
    let store = try Store(
      rows: arguments[1], starts: arguments[2],
      in: URL(fileURLWithPath: arguments[0], isDirectory: true))
    try say(
      Ready(
        rows: store.snapshot.count, users: store.users, buildSeconds: store.seconds,
        bytes: store.bytes, paths: SearchOptions.Path.allCases.map(\.rawValue)))
    var server = Server(store.snapshot)
    while let line = readLine() {
      try say(server.answer(JSONDecoder().decode(Request.self, from: Data(line.utf8))))
    }
  }

  /// Prints at once: the other side waits for it, and a pipe would keep it back.
  private static func say(_ value: some Encodable) throws {
    try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(value) + Data("\n".utf8))
  }
}

/// Makes the calls of requests; files of queries stay in memory after their first request.
private struct Server {
  private let snapshot: VectorSnapshot
  private var queries: [String: [Float]] = [:]
  private var users: [String: [Int64]] = [:]
  private var evicting: [UInt64] = []

  init(_ snapshot: VectorSnapshot) { self.snapshot = snapshot }

  /// Only the searches are inside the measured times.
  mutating func answer(_ request: Request) throws -> Reply {
    let vectors = try vectors(of: request.queries)
    let scopes = try scopes(of: request)
    guard let path = SearchOptions.Path(rawValue: request.path) else {
      throw Complaint(description: "There is no path \(request.path)")
    }
    evicting = Array(repeating: 1, count: request.evicted / 8)
    let dimension = snapshot.configuration.dimension
    let options = SearchOptions(path: path)
    var reply = Reply()
    for call in 0..<request.calls {
      let inCall = (call * request.batch)..<((call + 1) * request.batch)
      let first = (request.first + inCall.lowerBound) * dimension
      let span = vectors.span.extracting(first..<(first + request.batch * dimension))
      let ofCall = Array(scopes[inCall])
      evict()
      if let user = request.warming {
        let scope = SearchScope.user(Store.key(ofUser: user))
        _ = try snapshot.search(span, count: request.count, in: scope, options)
      }
      let start = ContinuousClock.now
      let found =
        request.batch == 1
        ? [try snapshot.search(span, count: request.count, in: ofCall[0], options)]
        : try snapshot.search(batch: span, count: request.count, in: ofCall, options)
      reply.nanoseconds.append(nanoseconds(ContinuousClock.now - start))
      reply.ids += found.map { $0.map(\.id) }
      reply.scores += found.map { $0.map(\.score) }
    }
    return reply
  }

  private mutating func vectors(of file: String) throws -> [Float] {
    if let known = queries[file] { return known }
    let read = try StoredArray<Float>(file, type: "<f4").all()
    queries[file] = read
    return read
  }

  private mutating func scopes(of request: Request) throws -> [SearchScope] {
    let range = request.first..<(request.first + request.calls * request.batch)
    guard let file = request.users else { return range.map { _ in .everything } }
    if users[file] == nil { users[file] = try StoredArray<Int64>(file, type: "<i8").all() }
    return range.map { .user(Store.key(ofUser: Int(users[file]?[$0] ?? 0))) }
  }

  /// One element brings its line of 64 bytes. The sum is looked at, or nothing would be read.
  private func evict() {
    var sum: UInt64 = 0
    for i in stride(from: 0, to: evicting.count, by: 8) { sum &+= evicting[i] }
    precondition(sum == UInt64(evicting.count / 8))
  }

  private func nanoseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
  }
}
