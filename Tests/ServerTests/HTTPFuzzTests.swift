import Foundation
import Records
import TestSupport
import Testing

/// Broken and hostile bytes at a real socket: the server goes on, and its memory stays what it was.
@Suite struct HTTPFuzzTests {
  private static let count =
    (ProcessInfo.processInfo.environment["RECOLLECT_TEST_FUZZ_MESSAGES"].flatMap(Int.init)
      ?? 20_000) / 20

  private static let mutation = Mutation(tokens: [
    "\r\n", "\r\n\r\n", "\n", "\0", " ", ":", "HTTP/1.0", "HTTP/2", "GET ", "POST ", "PRI * ", "/",
    "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n", "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n", "0\r\n\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Host: x\r\n", "%", "{",
    "}",
    "\"", "[[[[[[[[",
  ])

  private static let bodies = [
    WireClient.modern("tools/list"),
    WireClient.modern("tools/call", ["name": "list_memories", "arguments": ["user_id": "ana"]]),
    WireClient.modern(
      "subscriptions/listen", ["notifications": ["resourcesListChanged": true]]),
    ["jsonrpc": "2.0", "id": 1, "method": "initialize", "params": [:]],
  ]

  private func request(_ body: JSONValue) throws -> [UInt8] {
    let text = try JSON.text(body)
    let method = body["method"]?.string ?? ""
    return Array(
      """
      POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
      Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
      Mcp-Method: \(method)\r\nMcp-Name: list_memories\r\nContent-Length: \(text.utf8.count)\r\n\r\n\
      \(text)
      """.utf8)
  }

  @Test(.timeLimit(.minutes(60)))
  func `no bytes end the server or fill its memory`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("socket fuzz: \(Self.count) connections, seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let directory = try TemporaryDirectory()
    let server = try HTTPServerProcess(directory.url.appendingPathComponent("data"))
    let process = server.process.processIdentifier
    var before: Int?
    var open: [WireClient] = []
    for round in 0..<Self.count {
      let client = try WireClient(server.port)
      let bytes = Self.mutation.mutated(
        try request(Self.bodies[round % Self.bodies.count]), &generator)
      // The server may have ended the connection before it has read everything.
      try? client.send(bytes)
      // Some stay to see what comes, some wait for ever, some are gone at once.
      open.append(client)
      if open.count > 50 { open.removeFirst().close() }
      if round == Self.count / 2 { before = ResidentMemory.bytes(of: process) }
      if round % 100 == 99 {
        #expect(try WireClient(server.port).ask("tools/list").status == 200, "seed \(seed)")
      }
    }
    for client in open { client.close() }
    #expect(try WireClient(server.port).ask("tools/list").status == 200, "seed \(seed)")
    #expect(server.process.isRunning)
    if let before, let after = ResidentMemory.bytes(of: process) {
      #expect(after - before < 64 << 20, "grew by \(after - before) bytes, seed \(seed)")
    }
    #expect(server.end() == 0)
  }
}
