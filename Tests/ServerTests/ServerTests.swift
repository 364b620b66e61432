import Foundation
import Records
import TestSupport
import Testing

@Suite struct ServerTests {
  @Test func `what one server stores another on the same directory finds`() throws {
    let directory = try TemporaryDirectory()
    let first = try ServerProcess(directory.url)
    let second = try ServerProcess(directory.url)
    for round in 0..<10 {
      for (writer, reader) in [(first, second), (second, first)] {
        let content = "message \(round) by \(writer === first ? "first" : "second")"
        let added = try writer.call("add_memory", ["content": .string(content)])
        let found = try reader.call(
          "search_memories", ["query": .string(content), "limit": 1])
        #expect(found.contents == [content])
        if round % 3 == 0 {
          _ = try reader.call(
            "delete_memory", ["memory_id": added["memory"]?["memory_id"] ?? .null])
          let again = try writer.call(
            "search_memories", ["query": .string(content), "limit": 1])
          #expect(again.contents != [content])
        }
      }
    }
    #expect(try first.close() == 0)
    #expect(try second.close() == 0)
  }

  @Test func `four servers that start at once on an empty directory all work`() throws {
    let directory = try TemporaryDirectory()
    let servers = try (0..<4).map { _ in
      try ServerProcess(directory.url.appendingPathComponent("new"))
    }
    let ids = try servers.enumerated().map { number, server in
      try server.send(
        "tools/call",
        ["name": "add_memory", "arguments": ["content": .string("from server \(number)")]])
    }
    for (server, id) in zip(servers, ids) { _ = try server.answer(to: id) }
    for server in servers {
      #expect(try server.call("list_memories")["total"] == 4)
      #expect(try server.close() == 0)
    }
  }

  @Test func `sessions, memories and the exchange are there after a restart`() throws {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url)
    let session = try #require(
      try server.call("create_session", ["session_name": "Work"])["session"]?["session_id"])
    _ = try server.call(
      "add_memory",
      ["content": "The deploy key lives in the vault at Lisbon.", "session_id": session])
    let answer = try server.call(
      "ask_question",
      ["question": "Where does the deploy key live in the vault?", "session_id": session])
    #expect(answer["answered"] == true)
    #expect(try server.close() == 0)
    let again = try ServerProcess(directory.url)
    let info = try again.call("get_session_info", ["session_id": session])["session"]
    #expect(info?["name"] == "Work" && info?["memory_count"] == 2)
    #expect(info?["interaction_count"] == 1)
    let found = try again.call("search_memories", ["query": "deploy key", "session_id": session])
    #expect(found.contents.count == 2)
  }

  @Test func `the first answers come within the patience of any client`() throws {
    let directory = try TemporaryDirectory()
    // Makes the database; afterwards starts are measured. The time is reported, not judged: a busy
    // machine may take longer.
    _ = try ServerProcess(directory.url).initialize()
    var times: [Duration] = []
    for _ in 0..<9 {
      let start = ContinuousClock.now
      let server = try ServerProcess(directory.url, model: nil)
      _ = try server.initialize()
      let tools = try server.request("tools/list")["tools"]?.array ?? []
      times.append(ContinuousClock.now - start)
      #expect(tools.count == 14)
    }
    print("start to tools/list, median of \(times.count): \(times.sorted()[times.count / 2])")
  }

  @Test func `a bound server serves one user, and no other can be named`() throws {
    let directory = try TemporaryDirectory()
    let open = try ServerProcess(directory.url)
    let foreign = try open.call("add_memory", ["content": "secret of ben", "user_id": "ben"])
    let bound = try ServerProcess(directory.url, options: ["--user", "ana"])
    let tools = try bound.request("tools/list")["tools"]?.array ?? []
    #expect(!tools.isEmpty)
    for tool in tools {
      #expect(tool["inputSchema"]?["properties"]?["user_id"] == nil)
      #expect(tool["name"] != "get_system_session_stats")
    }
    let own = try bound.call("add_memory", ["content": "of ana"])
    #expect(own["memory"]?["user_id"] == "ana")
    for name in ["ben", "nobody"] {
      let error = try bound.failure(
        "search_memories", ["query": "secret", "user_id": .string(name)])
      #expect(error["code"] == "not_found")
    }
    let got = try bound.call(
      "get_memory", ["memory_ids": [foreign["memory"]?["memory_id"] ?? .null]])
    #expect(got["memories"] == [])
    #expect(try bound.call("search_memories", ["query": "secret"]).contents == ["of ana"])
  }

  @Test func `sets of tools and reading only are as asked`() throws {
    let directory = try TemporaryDirectory()
    func tools(_ options: String...) throws -> Set<String> {
      let server = try ServerProcess(directory.url, options: options)
      let tools = try server.request("tools/list")["tools"]?.array ?? []
      return Set(tools.compactMap { $0["name"]?.string })
    }
    #expect(
      try tools("--tools", "core") == [
        "search_memories", "get_memory_context", "add_memory", "get_memory", "update_memory",
        "delete_memory", "list_user_sessions",
      ])
    #expect(try tools("--tools", "add_memory,get_memory") == ["add_memory", "get_memory"])
    let reading = try tools("--read-only", "--tools", "all")
    #expect(reading.contains("search_memories") && !reading.contains("add_memory"))
    #expect(!reading.contains("ask_question"))
  }

  @Test func `sigterm ends an idle server at once and in order`() throws {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url)
    _ = try server.initialize()
    server.process.terminate()
    server.process.waitForEnd()
    #expect(server.process.terminationReason == .exit && server.process.terminationStatus == 0)
  }

  @Test func `an unknown argument is refused by name`() throws {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url)
    let error = try server.failure("search_memories", ["query": "x", "filters": ["a": 1]])
    #expect(error["code"] == "invalid_argument" && error["field"] == "filters")
    #expect(try server.call("list_memories")["total"] == 0)
  }
}
