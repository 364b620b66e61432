import Foundation
import Records
import TestSupport
import Testing

/// The real server over real sockets.
@Suite struct HTTPTests {
  private let directory: TemporaryDirectory
  private let server: HTTPServerProcess

  init() throws {
    directory = try TemporaryDirectory()
    server = try HTTPServerProcess(directory.url.appendingPathComponent("data"))
  }

  @Test func `both eras and all verbs work on one connection`() throws {
    let client = try WireClient(server.port)
    let added = try client.call("add_memory", ["user_id": "ana", "content": "tea at five"])
    #expect(added["outcome"] == "added")
    let opened = try client.old("initialize", ["protocolVersion": "2025-06-18"])
    #expect(opened.result?["protocolVersion"] == "2025-06-18")
    client.session = opened.field("mcp-session-id")
    try client.post(["jsonrpc": "2.0", "method": "notifications/initialized"], modern: false)
    let accepted = try client.reply()
    #expect(accepted.status == 202 && accepted.body.isEmpty)
    #expect(try client.old("ping").result == [:])
    let found = try client.call("search_memories", ["user_id": "ana", "query": "tea"])
    #expect(found.contents == ["tea at five"])
    // Over HTTP nobody is meant by default.
    #expect(try client.call("search_memories", ["query": "tea"])["field"] == "user_id")
  }

  @Test func `requests may be pipelined, and bodies come in chunks`() throws {
    let client = try WireClient(server.port)
    for id in 1...5 { try client.post(WireClient.modern("tools/list", id: .integer(Int64(id)))) }
    for id in 1...5 { #expect(try client.reply().json["id"] == .integer(Int64(id))) }
    let body = Array(try JSON.text(WireClient.modern("tools/list")).utf8)
    try client.send(
      """
      POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
      MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n\
      Transfer-Encoding: chunked\r\n\r\n
      """)
    for start in stride(from: 0, to: body.count, by: 40) {
      let piece = body[start..<min(body.count, start + 40)]
      try client.send("\(String(piece.count, radix: 16))\r\n")
      try client.send(Array(piece) + Array("\r\n".utf8))
    }
    try client.send("0\r\n\r\n")
    #expect(try client.reply().result?["tools"] != nil)
  }

  @Test func `what the parser refuses is refused, and the server lives`() throws {
    for text in [
      "GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /mcp HTTP/1.1\r\nHost\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nContent-Length: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "x", count: 100_000)
        + "\r\n\r\n",
    ] {
      let client = try WireClient(server.port)
      try? client.send(text)
      #expect(client.seesEnd())
    }
    let client = try WireClient(server.port)
    try client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try client.head().status == 200)
  }

  @Test func `a body beyond the limit is refused and the connection ended`() throws {
    let client = try WireClient(server.port)
    try client.send(
      """
      POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
      Content-Length: 5000000\r\n\r\n
      """)
    #expect(try client.head().status == 413)
    let chunked = try WireClient(server.port)
    try chunked.send(
      """
      POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
      Transfer-Encoding: chunked\r\n\r\n
      """)
    let piece = [UInt8](repeating: 0x20, count: 1 << 20)
    for _ in 0..<5 {
      try? chunked.send(Array("100000\r\n".utf8) + piece + Array("\r\n".utf8))
    }
    try? chunked.send("0\r\n\r\n")
    #expect(try chunked.head().status == 413)
  }

  @Test func `progress turns an answer into a stream, and only for whoever wants it`() throws {
    let client = try WireClient(server.port)
    let items = JSONValue.array((0..<200).map { ["content": .string("thing number \($0)")] })
    let batch: JSONValue = ["user_id": "ana", "items": items]
    let server = try HTTPServerProcess(
      directory.url.appendingPathComponent("data"), options: ["--tools", "all"])
    let all = try WireClient(server.port)
    try all.post(
      WireClient.modern(
        "tools/call",
        ["name": "add_memories", "arguments": batch, "_meta": ["progressToken": "p"]]))
    let (status, head) = try all.head()
    #expect(status == 200 && head.lowercased().contains("content-type: text/event-stream"))
    #expect(head.lowercased().contains("x-accel-buffering: no"))
    var steps: [Int64] = []
    var answer: JSONValue?
    while let message = try all.event() {
      #expect(answer == nil, "something comes after the answer")
      if message["method"] == "notifications/progress" {
        #expect(message["params"]?["progressToken"] == "p")
        if case .integer(let step) = message["params"]?["progress"] { steps.append(step) }
      } else {
        answer = message
      }
    }
    #expect(answer?["result"]?["structuredContent"]?["added"] == 200)
    #expect(steps.count > 1 && zip(steps, steps.dropFirst()).allSatisfy(<))
    try all.post(WireClient.modern("tools/call", ["name": "add_memories", "arguments": batch]))
    #expect(try all.reply().field("content-type") == "application/json")
    client.close()
  }

  @Test func `a subscription is told what another process writes`() throws {
    let data = directory.url.appendingPathComponent("data")
    let other = try HTTPServerProcess(data)
    let listener = try WireClient(server.port)
    let uri: JSONValue = "recollect://users/ana/memories"
    try listener.post(
      WireClient.modern(
        "subscriptions/listen", ["notifications": ["resourceSubscriptions": [uri]]], id: "s"))
    #expect(try listener.head().status == 200)
    #expect(try listener.event()?["method"] == "notifications/subscriptions/acknowledged")
    let writer = try WireClient(other.port)
    _ = try writer.call("add_memory", ["user_id": "ana", "content": "by another process"])
    let update = try listener.event()
    #expect(update?["method"] == "notifications/resources/updated")
    #expect(update?["params"]?["uri"] == uri)
    // The server's end is the subscription's, said in so many words.
    server.process.terminate()
    let last = try listener.event()
    #expect(last?["id"] == "s" && last?["result"]?["resultType"] == "complete")
    #expect(try listener.event() == nil)
    server.process.waitForEnd()
    #expect(server.process.terminationStatus == 0)
  }

  @Test func `a session of the handshake era is told on its newest stream`() throws {
    let client = try WireClient(server.port)
    client.session = try client.old("initialize", ["protocolVersion": "2025-11-25"])
      .field("mcp-session-id")
    let session = try #require(client.session)
    func stream() throws -> WireClient {
      let stream = try WireClient(server.port)
      try stream.send(
        """
        GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
        Mcp-Session-Id: \(session)\r\n\r\n
        """)
      #expect(try stream.head().status == 200)
      return stream
    }
    let first = try stream()
    let second = try stream()
    #expect(try first.event() == nil)
    let uri: JSONValue = "recollect://users/ana/stats"
    #expect(try client.old("resources/subscribe", ["uri": uri]).result == [:])
    _ = try client.call("add_memory", ["user_id": "ana", "content": "counted"])
    let update = try second.event()
    #expect(update?["method"] == "notifications/resources/updated")
    #expect(update?["params"]?["uri"] == uri)
  }

  @Test func `a server that is told to end answers what is under way`() throws {
    let data = directory.url.appendingPathComponent("data")
    let server = try HTTPServerProcess(data, options: ["--tools", "all"])
    let client = try WireClient(server.port)
    let idle = try WireClient(server.port)
    let items = JSONValue.array((0..<1_000).map { ["content": .string("slow work \($0)")] })
    try client.post(
      WireClient.modern(
        "tools/call",
        [
          "name": "add_memories", "arguments": ["user_id": "ana", "items": items],
          "_meta": ["progressToken": 1],
        ]))
    // Under way for certain, since it reports.
    #expect(try client.head().status == 200)
    _ = try client.event()
    server.process.terminate()
    var answer: JSONValue?
    while let message = try client.event() { answer = message }
    #expect(answer?["result"]?["structuredContent"]?["added"] == 1_000)
    #expect(idle.seesEnd())
    server.process.waitForEnd()
    #expect(server.process.terminationStatus == 0)
  }

  @Test func `a server that is told to end does not wait for a client that does not read`() throws {
    let client = try WireClient(server.port)
    let one = Array(try Self.listing(id: 1).utf8)
    // More answers than the sockets between the two hold.
    try client.send(Array(repeatElement(one, count: 1_200).joined()))
    // The next is answered, so the first ones are being written.
    #expect(try WireClient(server.port).ask("tools/list").status == 200)
    server.process.terminate()
    let deadline = Date(timeIntervalSinceNow: 60)
    while server.process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.1) }
    #expect(!server.process.isRunning)
    client.close()
  }

  private static func listing(id: Int) throws -> String {
    let body = try JSON.text(WireClient.modern("tools/list", id: .integer(Int64(id))))
    return "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
  }

  @Test func `few descriptors bound the connections, and the server outlives more of them`() throws
  {
    let few = try HTTPServerProcess(
      directory.url.appendingPathComponent("few"), openFiles: 128)
    var clients: [WireClient] = []
    for _ in 0..<200 { clients.append(try WireClient(few.port)) }
    #expect(try clients[0].ask("tools/list").status == 200)
    Thread.sleep(forTimeInterval: 0.5)
    for client in clients { client.close() }
    #expect(try WireClient(few.port).ask("tools/list").status == 200)
    #expect(few.end() == 0)
  }

  @Test func `a subscription that is refused is answered like any other request`() throws {
    let client = try WireClient(server.port)
    try client.post(WireClient.modern("subscriptions/listen", ["notifications": 5], id: "s"))
    let refused = try client.reply()
    #expect(refused.status == 400 && refused.field("content-type") == "application/json")
    #expect(refused.json["id"] == "s" && refused.json["error"]?["code"] == -32602)
  }

  @Test func `an address that others reach needs somebody to say who may enter`() throws {
    let command = try RecollectProcess()
    let refused = try command.run([
      "serve", "--http", "0.0.0.0:0", "--data-directory", directory.url.path, "--model", "hashing",
    ])
    #expect(refused.status == 2 && refused.standardError.contains("keys create"))
    let wrong = try command.run(["serve", "--http", "127.0.0.1:x"])
    #expect(wrong.status == 2)
    let taken = try command.run([
      "serve", "--http", "127.0.0.1:\(server.port)", "--data-directory", directory.url.path,
      "--model", "hashing",
    ])
    #expect(taken.status == 4, "\(taken.standardError)")
  }
}
