import Foundation
import Records
import TestSupport
import Testing

/// Two identities at one server: whatever one asks with the other's ids, it is answered as if the other
/// were not there.
@Suite struct IsolationTests {
  private struct Party {
    let client: WireClient
    let user: String
    var memory = ""
    var session = ""
    var cursors: [String] = []
    var listCursor: String?
  }

  private let directory: TemporaryDirectory
  private let server: HTTPServerProcess
  private let ana: Party
  private let ben: Party

  init() throws {
    let directory = try TemporaryDirectory()
    self.directory = directory
    let data = directory.url.appendingPathComponent("data")
    func key(_ user: String) throws -> String {
      let outcome = try RecollectProcess().run([
        "keys", "create", "--user", user, "--json", "--data-directory", data.path,
      ])
      return try #require(try JSON.value(JSONValue.self, from: outcome.text)["key"]?.string)
    }
    let keys = (try key("ana"), try key("ben"))
    let server = try HTTPServerProcess(data, options: ["--tools", "all"])
    self.server = server
    func party(_ user: String, _ key: String) throws -> Party {
      var party = Party(client: try WireClient(server.port, token: key), user: user)
      let session = try party.client.call(
        "create_session", ["session_name": .string("\(user)-owned")])
      party.session = session["session"]?["session_id"]?.string ?? ""
      for number in 0..<3 {
        let added = try party.client.call(
          "add_memory",
          [
            "content": .string("\(user)-owned secret \(number)"),
            "session_id": .string(party.session), "memory_type": .string("\(user)-type"),
          ])
        party.memory = added["memory"]?["memory_id"]?.string ?? ""
      }
      let items = (0..<110).map { JSONValue.object(["content": .string("\(user)-owned \($0)")]) }
      _ = try party.client.call("add_memories", ["items": .array(items)])
      let page = try party.client.call("list_memories", ["limit": 1])
      party.cursors = [page["next_cursor"]?.string ?? ""]
      party.listCursor = try party.client.ask("resources/list").result?["nextCursor"]?.string
      return party
    }
    ana = try party("ana", keys.0)
    ben = try party("ben", keys.1)
  }

  /// Nothing of the other may be in it.
  private func look(_ reply: WireClient.Reply, _ what: String) {
    #expect(!reply.body.contains("ben-"), "\(what) shows what is ben's")
    #expect(!reply.body.contains("\"ben\""), "\(what) names ben")
  }

  @Test func `every tool with the other's ids answers as with ids that never were`() throws {
    let tools = try ana.client.ask("tools/list").result?["tools"]?.array ?? []
    #expect(tools.count > 15)
    for tool in tools {
      let name = try #require(tool["name"]?.string)
      let properties = tool["inputSchema"]?["properties"]?.object ?? [:]
      #expect(properties["user_id"] == nil, "\(name) asks whose")
      func arguments(_ memory: String, _ session: String, _ cursor: String?) -> JSONValue {
        var arguments: [String: JSONValue] = [:]
        for (argument, schema) in properties {
          switch argument {
          case "memory_id", "supersedes": arguments[argument] = .string(memory)
          case "memory_ids": arguments[argument] = [.string(memory)]
          case "session_id", "continues": arguments[argument] = .string(session)
          case "cursor": arguments[argument] = cursor.map(JSONValue.string)
          case "items": arguments[argument] = [["content": "x", "session_id": .string(session)]]
          default: break
          }
          let isRequired = tool["inputSchema"]?["required"]?.array?.contains(.string(argument))
          if isRequired == true, arguments[argument] == nil, schema["type"] == "string" {
            arguments[argument] = "anything"
          }
        }
        return .object(arguments)
      }
      let foreign = try ana.client.ask(
        "tools/call",
        [
          "name": .string(name),
          "arguments": arguments(ben.memory, ben.session, ben.cursors[0]),
        ])
      look(foreign, name)
      let (memory, session) = (MemoryID.make().description, SessionID.make().description)
      let unknown = try ana.client.ask(
        "tools/call",
        ["name": .string(name), "arguments": arguments(memory, session, ben.cursors[0])])
      let same = foreign.body.replacing(ben.memory, with: memory)
        .replacing(ben.session, with: session)
      if !["health_check", "get_memory_stats"].contains(name),
        properties["session_id"] != nil
          || properties["memory_id"] != nil || properties["memory_ids"] != nil
      {
        #expect(same == unknown.body, "\(name) tells ids of others from ids of nobody")
      }
      for other in ["ben", "nobody"] {
        guard var named = arguments(memory, session, nil).object else { continue }
        named["user_id"] = .string(other)
        let reply = try ana.client.ask(
          "tools/call", ["name": .string(name), "arguments": .object(named)])
        look(reply, "\(name) of \(other)")
        #expect(reply.result?["isError"] == true, "\(name) answers about \(other)")
      }
    }
    // All that was tried has changed nothing.
    #expect(try ben.client.call("list_memories", ["limit": 1])["total"] == 113)
    #expect(
      try ben.client.call("get_session_info", ["session_id": .string(ben.session)])["session"]?[
        "status"] == "active")
  }

  @Test func `resources, prompts, completions and cursors keep to their own`() throws {
    for (foreign, unknown) in [
      ("memories/\(ben.memory)", "memories/\(MemoryID.make())"),
      ("sessions/\(ben.session)", "sessions/\(SessionID.make())"),
      ("sessions/\(ben.session)/memories", "sessions/\(SessionID.make())/memories"),
      ("users/ben/memories", "users/nobody/memories"),
      ("users/ben/sessions", "users/nobody/sessions"), ("users/ben/stats", "users/nobody/stats"),
      ("users/%62en/stats", "users/%6eobody/stats"), ("memories/../users/ben/stats", "memories/x"),
    ] {
      let (first, second) = ("recollect://\(foreign)", "recollect://\(unknown)")
      let one = try ana.client.ask("resources/read", ["uri": .string(first)])
      let two = try ana.client.ask("resources/read", ["uri": .string(second)])
      #expect(one.status == 400 && one.json["error"]?["code"] == -32602)
      #expect(one.body.replacing(first, with: second) == two.body, "\(foreign)")
    }
    let own = try ana.client.ask(
      "resources/read", ["uri": .string("recollect://memories/\(ana.memory)")])
    #expect(own.status == 200 && own.body.contains("ana-owned"))
    for cursor in [ben.listCursor, "m.\(ben.cursors[0])", "s.\(ben.cursors[0])"] {
      let page = try ana.client.ask(
        "resources/list", ["cursor": .string(try #require(cursor))])
      look(page, "a page after \(cursor ?? "")")
    }
    look(
      try ana.client.ask(
        "prompts/get",
        ["name": "summarize_session", "arguments": ["session_id": .string(ben.session)]]),
      "a summary")
    look(
      try ana.client.ask(
        "prompts/get",
        ["name": "recall_context", "arguments": ["query": "ben secret", "user_id": "ben"]]),
      "recalling")
    look(
      try ana.client.ask(
        "prompts/get", ["name": "reflect_on_user", "arguments": ["user_id": "ben"]]), "reflection")
    for argument in ["user_id", "session_id", "memory_id", "memory_type"] {
      for uri in [
        "recollect://users/{user_id}/stats", "recollect://sessions/{session_id}",
        "recollect://memories/{memory_id}",
      ] {
        let reply = try ana.client.ask(
          "completion/complete",
          [
            "ref": ["type": "ref/resource", "uri": .string(uri)],
            "argument": ["name": .string(argument), "value": ""],
            "context": ["arguments": ["user_id": "ben"]],
          ])
        look(reply, "completion of \(argument)")
        #expect(!reply.body.contains(ben.session) && !reply.body.contains(ben.memory))
      }
    }
  }

  @Test func `a subscription to what is another's is not granted, and stays silent`() throws {
    let stream = try WireClient(server.port, token: ana.client.token)
    let uris: [JSONValue] = [
      .string("recollect://memories/\(ben.memory)"), "recollect://users/ben/stats",
      .string("recollect://sessions/\(ben.session)"), "recollect://users/ana/stats",
    ]
    try stream.post(
      WireClient.modern(
        "subscriptions/listen",
        ["notifications": ["resourceSubscriptions": .array(uris), "resourcesListChanged": true]]))
    _ = try stream.head()
    let granted = try stream.event()?["params"]?["notifications"]?["resourceSubscriptions"]
    #expect(granted == ["recollect://users/ana/stats"])
    _ = try ben.client.call("add_memory", ["content": "ben-owned and new"])
    _ = try ben.client.call(
      "update_memory", ["memory_id": .string(ben.memory), "content": "ben-owned, changed"])
    // The watch has had time to see both before what is told at last.
    Thread.sleep(forTimeInterval: 1.5)
    _ = try ana.client.call("add_memory", ["content": "ana-owned and new"])
    let first = try stream.event()
    let isOwn =
      first?["params"]?["uri"] == "recollect://users/ana/stats"
      || first?["method"] == "notifications/resources/list_changed"
    #expect(isOwn)
    let second = try stream.event()
    #expect(first != second, "the change of another was told as well")
  }
}
