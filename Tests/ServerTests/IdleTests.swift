import Foundation
import Records
import TestSupport
import Testing

/// Clients that are there and ask nothing: their streams stay open, and the server does not grow.
@Suite struct IdleTests {
  private static let environment = ProcessInfo.processInfo.environment
  /// Comment lines come every fifteen seconds, and one of them is to be seen.
  private static let seconds = environment["RECOLLECT_TEST_IDLE_SECONDS"].flatMap(Double.init) ?? 17
  private static let isLong = environment["RECOLLECT_TEST_IDLE_SECONDS"] != nil
  private static let clients = isLong ? 500 : 40
  private static let subscriptions = isLong ? 50 : 4

  /// What a process holds.
  private struct Sample {
    let memory: Int
    let descriptors: Int
    let threads: Int

    init(_ process: Int32) throws {
      let files = FileManager.default
      memory = try #require(ResidentMemory.bytes(of: process))
      descriptors = try files.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
      threads = try files.contentsOfDirectory(atPath: "/proc/\(process)/task").count
    }

    var text: String { "\(memory >> 10) kB, \(descriptors) descriptors, \(threads) threads" }
  }

  private let directory: TemporaryDirectory
  private let server: HTTPServerProcess

  init() throws {
    directory = try TemporaryDirectory()
    server = try HTTPServerProcess(directory.url.appendingPathComponent("data"))
  }

  /// A client of the handshake era that listens.
  private func listener() throws -> WireClient {
    let client = try WireClient(server.port)
    let session = try client.old("initialize", ["protocolVersion": "2025-11-25"])
      .field("mcp-session-id")
    try client.send(
      """
      GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
      Mcp-Session-Id: \(session ?? "")\r\n\r\n
      """)
    try #require(try client.head().status == 200)
    // The stream begins with a comment.
    #expect(try client.chunk()?.hasPrefix(":") == true)
    return client
  }

  private func subscriber() throws -> WireClient {
    let client = try WireClient(server.port)
    let uris = (0..<10).map { JSONValue.string("recollect://users/user-\($0)/stats") }
    try client.post(
      WireClient.modern(
        "subscriptions/listen", ["notifications": ["resourceSubscriptions": .array(uris)]]))
    try #require(try client.head().status == 200)
    #expect(try client.event()?["method"] == "notifications/subscriptions/acknowledged")
    return client
  }

  @Test(.timeLimit(.minutes(60)))
  func `idle clients keep their streams and cost nothing more`() throws {
    let writer = try WireClient(server.port)
    for user in 0..<10 {
      _ = try writer.call(
        "add_memory", ["user_id": .string("user-\(user)"), "content": "something to watch"])
    }
    let process = server.process.processIdentifier
    let before = try Sample(process)
    let listeners = try (0..<Self.clients).map { _ in try listener() }
    let subscribers = try (0..<Self.subscriptions).map { _ in try subscriber() }
    Thread.sleep(forTimeInterval: min(5, Self.seconds / 4))
    let start = try Sample(process)
    var last = start
    print(
      "before: \(before.text); with \(Self.clients) clients and "
        + "\(Self.subscriptions) subscriptions: \(start.text)")
    let steps = Self.isLong ? 20 : 4
    for step in 1...steps {
      Thread.sleep(forTimeInterval: Self.seconds / Double(steps))
      last = try Sample(process)
      print("after \(Int(Self.seconds) * step / steps) s: \(last.text)")
    }
    for client in listeners + subscribers {
      #expect(try client.chunk()?.hasPrefix(":") == true, "a stream was not kept alive")
    }
    // Threads are of pools, which take one more now and then; there is none for a client.
    #expect(last.descriptors <= start.descriptors && last.threads <= start.threads + 8)
    // Less than what the allocator may keep of a moment's work.
    #expect(last.memory - start.memory < 4 << 20, "from \(start.text) to \(last.text)")
    // All are still told.
    let other = try WireClient(server.port)
    _ = try other.call("add_memory", ["user_id": "user-3", "content": "and something new"])
    for client in subscribers {
      #expect(try client.event()?["params"]?["uri"] == "recollect://users/user-3/stats")
    }
    for client in listeners + subscribers { client.close() }
    // The store may have opened files of its own meanwhile.
    let most = before.descriptors + 8
    let limit = ContinuousClock.now + .seconds(30)
    repeat {
      Thread.sleep(forTimeInterval: 0.1)
      last = try Sample(process)
    } while last.descriptors > most && ContinuousClock.now < limit
    print("without them: \(last.text)")
    #expect(last.descriptors <= most, "descriptors are left behind")
    #expect(server.end() == 0)
  }
}
