import Foundation
import Records
import TestSupport
import Testing

/// Sessions under a stopwatch and under fire, with real processes and the real clock.
@Suite struct SessionProcessTests {
  /// A timeout of a second and a half.
  private static let impatient = ["RECOLLECT_SESSION_TIMEOUT_HOURS": "\(1.5 / 3600)"]

  private func id(_ reply: JSONValue) throws -> String {
    try #require(reply["session"]?["session_id"]?.string)
  }

  private func info(_ server: ServerProcess, _ id: String) throws -> JSONValue {
    try #require(
      try server.call("get_session_info", ["session_id": .string(id)])["session"])
  }

  @Test func `a session runs out at access, without any sweep, and stays so after a restart`()
    throws
  {
    let directory = try TemporaryDirectory()
    var server = try ServerProcess(directory.url, environment: Self.impatient)
    let session = try id(try server.call("create_session"))
    _ = try server.call(
      "add_memory", ["content": "in time", "session_id": .string(session)])
    #expect(try info(server, session)["status"] == "active")
    Thread.sleep(forTimeInterval: 1.6)
    let view = try info(server, session)
    #expect(view["status"] == "expired" && view["expired_at"] == view["expires_at"])
    let refusal = try server.failure(
      "add_memory", ["content": "too late", "session_id": .string(session)])
    #expect(refusal["code"] == "session_expired")
    #expect(
      try server.failure(
        "ask_question",
        [
          "question": "in time?", "session_id": .string(session),
        ])["code"] == "session_expired")
    #expect(
      try server.call("search_memories", ["query": "time", "session_id": .string(session)])
        .contents == ["in time"])
    server.kill()
    server = try ServerProcess(directory.url, environment: Self.impatient)
    #expect(try info(server, session)["expired_at"] == view["expired_at"])
  }

  @Test func `the sweep writes expiries down and purges what is old, and totals survive`() throws {
    let directory = try TemporaryDirectory()
    let environment = Self.impatient.merging([
      "RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES": "0.005",
      "RECOLLECT_EXPIRED_SESSION_RETENTION_DAYS": "\(1.0 / 86_400)",
      "RECOLLECT_MEMORY_ON_SESSION_PURGE": "delete",
    ]) { $1 }
    let server = try ServerProcess(directory.url, environment: environment)
    let session = try id(try server.call("create_session"))
    _ = try server.call("add_memory", ["content": "inside", "session_id": .string(session)])
    _ = try server.call("add_memory", ["content": "outside"])
    let deadline = ContinuousClock.now + .seconds(20)
    var statistics = try server.call("get_system_session_stats")
    while statistics["total_memories"] != 1, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.1)
      statistics = try server.call("get_system_session_stats")
    }
    #expect(statistics["active_sessions"] == 0 && statistics["expired_sessions"] == 0)
    #expect(statistics["total_memories"] == 1)
    #expect(statistics["lifetime"] == ["sessions": 1, "interactions": 0, "memories": 2])
    #expect(
      try server.failure("get_session_info", ["session_id": .string(session)])["code"]
        == "not_found")
    #expect(try server.call("search_memories", ["query": "inside outside"]).contents == ["outside"])
    #expect(try server.close() == 0)
  }

  @Test func `the eleventh session expires the least recently used, through kills in between`()
    throws
  {
    let directory = try TemporaryDirectory()
    var server = try ServerProcess(directory.url)
    var sessions: [String] = []
    for number in 0..<10 {
      let reply = try server.call("create_session", ["user_id": "ana"])
      #expect(reply["expired_sessions"] == [])
      sessions.append(try id(reply))
      if number == 4 {
        server.kill()
        server = try ServerProcess(directory.url)
      }
    }
    // Writing in the oldest makes the second the least recently used.
    _ = try server.call(
      "add_memory", ["content": "still needed", "session_id": .string(sessions[0])])
    server.kill()
    server = try ServerProcess(directory.url)
    let eleventh = try server.call("create_session", ["user_id": "ana"])
    #expect(eleventh["expired_sessions"] == [.string(sessions[1])])
    server.kill()
    server = try ServerProcess(directory.url)
    let active = try server.call("list_user_sessions", ["user_id": "ana", "limit": 100])
    let ids = active["sessions"]?.array?.compactMap { $0["session_id"]?.string } ?? []
    #expect(ids == [try id(eleventh), sessions[0]] + sessions[2...].reversed())
    #expect(try info(server, sessions[1])["status"] == "expired")
    #expect(try server.call("create_session", ["user_id": "ben"])["expired_sessions"] == [])
  }

  @Test func `a kill in the middle of purging leaves whole sessions, and totals that add up`()
    throws
  {
    let directory = try TemporaryDirectory()
    let count = 60
    var server = try ServerProcess(
      directory.url, environment: ["RECOLLECT_MAX_SESSIONS_PER_USER": "1"])
    for number in 0..<count {
      let session = try id(try server.call("create_session", ["user_id": "ana"]))
      for part in 0..<3 {
        _ = try server.call(
          "add_memory",
          ["content": .string("part \(part) of \(number)"), "session_id": .string(session)])
      }
    }
    #expect(try server.close() == 0)
    let purging = Self.impatient.merging([
      "RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES": "0.001",
      "RECOLLECT_EXPIRED_SESSION_RETENTION_DAYS": "0",
      "RECOLLECT_MEMORY_ON_SESSION_PURGE": "delete",
    ]) { $1 }
    var isOver = false
    for round in 0..<12 where !isOver {
      server = try ServerProcess(directory.url, environment: purging)
      Thread.sleep(forTimeInterval: 0.04 + 0.02 * Double(round))
      server.kill()
      server = try ServerProcess(directory.url, options: ["--tools", "all"])
      let statistics = try server.call("get_system_session_stats")
      let list = try server.call(
        "list_user_sessions", ["user_id": "ana", "include_expired": true, "limit": 100])
      let left = list["sessions"]?.array ?? []
      #expect(left.allSatisfy { $0["memory_count"] == 3 }, "round \(round)")
      #expect(statistics["total_memories"] == .integer(Int64(3 * left.count)))
      #expect(
        statistics["lifetime"]
          == [
            "sessions": .integer(Int64(count)), "interactions": 0,
            "memories": .integer(Int64(3 * count)),
          ])
      isOver = left.isEmpty
      #expect(try server.close() == 0)
    }
    if !isOver {
      server = try ServerProcess(directory.url, environment: purging)
      Thread.sleep(forTimeInterval: 3)
      let statistics = try server.call("get_system_session_stats")
      #expect(statistics["total_memories"] == 0 && statistics["expired_sessions"] == 0)
    }
  }

  @Test func `four processes at once never leave a user more active sessions than allowed`() throws
  {
    let directory = try TemporaryDirectory()
    let environment = ["RECOLLECT_MAX_SESSIONS_PER_USER": "3"]
    let servers = try (0..<4).map { _ in
      try ServerProcess(directory.url, environment: environment)
    }
    var created: Set<String> = []
    var expired: [String] = []
    for _ in 0..<5 {
      let requests = try servers.map {
        try $0.send("tools/call", ["name": "create_session", "arguments": ["user_id": "ana"]])
      }
      for (server, request) in zip(servers, requests) {
        let reply = try #require(try server.answer(to: request)["structuredContent"])
        created.insert(try id(reply))
        expired += reply["expired_sessions"]?.array?.compactMap(\.string) ?? []
      }
      let list = try servers[0].call("list_user_sessions", ["user_id": "ana"])
      #expect(list["total"] == 3)
    }
    // Each session that had to go was reported once, by whoever made it go.
    #expect(created.count == 20 && expired.count == 17 && Set(expired).count == 17)
    let all = try servers[1].call(
      "list_user_sessions", ["user_id": "ana", "include_expired": true, "limit": 100])
    #expect(all["total"] == 20)
  }

  @Test func `without session tracking no session tool is offered and session ids are refused`()
    throws
  {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(
      directory.url, options: ["--tools", "all"],
      environment: ["RECOLLECT_ENABLE_SESSION_TRACKING": "false"])
    let tools = try server.request("tools/list")["tools"]?.array?.compactMap { $0["name"]?.string }
    #expect(tools?.contains { $0.contains("session") } == false)
    let refusal = try server.failure(
      "add_memory", ["content": "x", "session_id": "019cafb8-d24e-7058-a5c2-64c505d95954"])
    #expect(refusal["code"] == "invalid_argument")
    #expect(refusal["message"]?.string?.contains("RECOLLECT_ENABLE_SESSION_TRACKING") == true)
    _ = try server.call("add_memory", ["content": "The bees are on the roof."])
    #expect(
      try server.call("ask_question", ["question": "Are the bees on the roof"])["answered"] == true)
  }

  @Test(arguments: [
    ("RECOLLECT_SESSION_TIMEOUT_HOURS", "soon"), ("RECOLLECT_SESSION_TIMEOUT_HOURS", "0"),
    ("RECOLLECT_MAX_SESSIONS_PER_USER", "2.5"), ("RECOLLECT_ENABLE_SESSION_TRACKING", "maybe"),
    ("RECOLLECT_MEMORY_ON_SESSION_PURGE", "burn"),
    ("RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES", "1e300"),
  ])
  func `a setting that makes no sense is named and ends the start`(name: String, value: String)
    throws
  {
    let directory = try TemporaryDirectory()
    let outcome = try RecollectProcess().run(
      ["serve", "--data-directory", directory.url.path], environment: [name: value])
    #expect(outcome.status == 2)
    #expect(outcome.standardError.contains(name))
  }

  @Test func `reading only really writes nothing`() throws {
    let directory = try TemporaryDirectory()
    let writer = try ServerProcess(directory.url)
    let added = try writer.call("add_memory", ["content": "The bees are on the roof."])
    #expect(try writer.close() == 0)
    let reader = try ServerProcess(directory.url, options: ["--read-only"])
    for _ in 0..<3 { _ = try reader.call("search_memories", ["query": "bees"]) }
    #expect(try reader.call("health_check")["status"] == "ok")
    #expect(try reader.close() == 0)
    let again = try ServerProcess(directory.url)
    let memory = try again.call(
      "get_memory", ["memory_ids": [added["memory"]?["memory_id"] ?? .null]])
    #expect(memory["memories"]?.array?.first?["access_count"] == 0)
  }
}
