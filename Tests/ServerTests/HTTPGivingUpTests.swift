import Foundation
import Records
import TestSupport
import Testing

/// Clients that go away while a real server works for them.
@Suite struct HTTPGivingUpTests {
  private let directory: TemporaryDirectory
  private let data: URL

  init() throws {
    directory = try TemporaryDirectory()
    data = directory.url.appendingPathComponent("data")
  }

  private func server() throws -> HTTPServerProcess {
    try HTTPServerProcess(data, options: ["--tools", "all"])
  }

  private static let items = 1_000

  private func total(_ client: WireClient, _ user: String) throws -> JSONValue? {
    try client.call("list_memories", ["user_id": .string(user), "limit": 1])["total"]
  }

  /// Asks for much, sees that it is under way, and goes.
  private func ask(_ client: WireClient, _ user: String, modern: Bool) throws {
    let words = String(repeating: "so many different words ", count: 100)
    let items = (0..<Self.items).map { JSONValue.object(["content": .string("\($0) \(words)")]) }
    let params: [String: JSONValue] = [
      "name": "add_memories",
      "arguments": ["user_id": .string(user), "items": .array(items)],
      "_meta": ["progressToken": 1],
    ]
    try client.post(
      modern
        ? WireClient.modern("tools/call", params)
        : ["jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": .object(params)],
      modern: modern)
    #expect(try client.head().status == 200)
    #expect(try client.event()?["method"] == "notifications/progress")
    client.close()
  }

  @Test func `a call of the handshake era goes on when its client is gone`() throws {
    let server = try server()
    let client = try WireClient(server.port)
    client.session = try client.old("initialize", ["protocolVersion": "2025-11-25"])
      .field("mcp-session-id")
    try ask(client, "ana", modern: false)
    // What is under way is finished.
    #expect(server.end() == 0)
    let again = try self.server()
    #expect(
      try total(try WireClient(again.port), "ana") == .integer(Int64(Self.items)))
  }

  @Test func `a modern call stops when its client is gone`() throws {
    // The work may be done before the server sees that nobody waits for it, but not every time.
    for round in 0..<10 {
      let server = try server()
      try ask(try WireClient(server.port), "user-\(round)", modern: true)
      #expect(server.end() == 0)
      let again = try self.server()
      let stored = try total(try WireClient(again.port), "user-\(round)")
      // All or none.
      #expect(stored == 0 || stored == .integer(Int64(Self.items)))
      if stored == 0 { return }
    }
    Issue.record("the work goes on although nobody waits for it")
  }

  @Test func `three answers that may be streams come each on its own connection`() throws {
    let server = try server()
    let clients = try (0..<3).map { _ in try WireClient(server.port) }
    for (number, client) in clients.enumerated() {
      try client.post(
        [
          "jsonrpc": "2.0", "id": .integer(Int64(1_000 + number)), "method": "tools/call",
          "params": ["name": "list_memories", "arguments": ["user_id": "ana"]],
        ], modern: false)
    }
    for (number, client) in clients.enumerated().reversed() {
      let reply = try client.reply()
      #expect(reply.json["id"] == .integer(Int64(1_000 + number)) && reply.result != nil)
    }
  }

  @Test func `addresses may be encoded, and descriptions are read to their end`() throws {
    let server = try server()
    let client = try WireClient(server.port)
    _ = try client.call("add_memory", ["user_id": "ana", "content": "of ana"])
    for uri in ["recollect://users/ana/memories", "recollect://users/%61n%61/memories"] {
      let read = try client.ask("resources/read", ["uri": .string(uri)])
      let text = read.result?["contents"]?.array?.first?["text"]?.string
      #expect(text?.contains("of ana") == true, "\(uri)")
    }
    for tool in try client.ask("tools/list").result?["tools"]?.array ?? [] {
      // Longer ones are cut by clients.
      #expect((tool["description"]?.string?.count ?? 0) <= 2_048)
    }
  }
}
