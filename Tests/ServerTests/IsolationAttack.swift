import Foundation
import Records
import TestSupport
import Testing

/// Two identities at one server, and what the one tries with everything that is the other's.
///
/// What there is to try is asked of the server itself: a tool, a prompt or an address that is new is
/// tried as well, and one that takes what is not known here is complained of.
struct IsolationAttack {
  struct Party {
    let client: WireClient
    let user: String
    fileprivate(set) var memory = ""
    fileprivate(set) var session = ""
    /// Where each tool's list goes on.
    fileprivate(set) var cursors: [String: String] = [:]
    fileprivate(set) var listCursor = ""
  }

  /// What is named: the other's, or nobody's.
  private struct Aim {
    var user: String
    var memory = MemoryID.make().description
    var session = SessionID.make().description
    var type: String { "\(user)-type" }

    static let nobody = Aim(user: "nobody")
  }

  private let port: UInt16
  let ana: Party
  let ben: Party
  private let tools: [JSONValue]

  private static let memories = 113

  /// Lets both store something of their own, one as much as the other.
  init(port: UInt16, ana: String, ben: String) throws {
    self.port = port
    func party(_ user: String, _ token: String) throws -> Party {
      var party = Party(client: try WireClient(port, token: token), user: user)
      for number in 0..<2 {
        let session = try party.client.call(
          "create_session", ["session_name": .string("\(user)-owned \(number)")])
        party.session = try #require(session["session"]?["session_id"]?.string)
      }
      for number in 0..<3 {
        let added = try party.client.call(
          "add_memory",
          [
            "content": .string("\(user)-owned secret \(number)"),
            "session_id": .string(party.session), "memory_type": .string("\(user)-type"),
          ])
        party.memory = try #require(added["memory"]?["memory_id"]?.string)
      }
      let items = (3..<Self.memories).map {
        JSONValue.object(["content": .string("\(user)-owned \($0)")])
      }
      _ = try party.client.call("add_memories", ["items": .array(items)])
      let list = try party.client.ask("resources/list").result?["nextCursor"]?.string
      party.listCursor = try #require(list)
      return party
    }
    let ana = try party("ana", ana)
    var ben = try party("ben", ben)
    tools = try #require(try ana.client.ask("tools/list").result?["tools"]?.array)
    for tool in tools where tool["inputSchema"]?["properties"]?["cursor"] != nil {
      let name = try #require(tool["name"]?.string)
      ben.cursors[name] = try #require(
        try ben.client.call(name, ["limit": 1])["next_cursor"]?.string, "\(name) has one page")
    }
    self.ana = ana
    self.ben = ben
  }

  private var aim: Aim { Aim(user: ben.user, memory: ben.memory, session: ben.session) }

  /// Nothing of the other may be in it.
  private func look(_ reply: WireClient.Reply, _ what: String) {
    #expect(!reply.body.contains("ben-"), "\(what) shows what is ben's")
    #expect(!reply.body.contains("\"ben\""), "\(what) names ben")
  }

  /// The other's is answered as what never was.
  private func compare(
    _ what: String, replacing more: [(String, String)] = [],
    _ ask: (Aim) throws -> WireClient.Reply
  ) throws {
    let foreign = try ask(aim)
    look(foreign, what)
    let nobody = Aim.nobody
    let unknown = try ask(nobody)
    var text = foreign.body
    for (own, other) in [(ben.memory, nobody.memory), (ben.session, nobody.session)] + more {
      text = text.replacing(own, with: other)
    }
    #expect(
      foreign.status == unknown.status && text == unknown.body,
      "\(what) tells what is another's from what is nobody's")
  }

  // MARK: Tools

  func tryTools() throws {
    #expect(tools.count > 15)
    for tool in tools {
      let name = try #require(tool["name"]?.string)
      let schema = try #require(tool["inputSchema"])
      #expect(schema["properties"]?["user_id"] == nil, "\(name) asks whose")
      for argument in naming(schema, name) {
        try compare("\(name) with another's \(argument)") { aim in
          try call(name, arguments(schema, naming: [argument], aim, name))
        }
      }
      if let record = schema["properties"]?["items"]?["items"] {
        for member in naming(record, name) {
          try compare("\(name) with another's \(member) in an item") { aim in
            let item = JSONValue.object(arguments(record, naming: [member], aim, name))
            return try call(name, ["items": [item]])
          }
        }
      }
      if naming(schema, name).isEmpty {
        look(try call(name, arguments(schema, naming: nil, aim, name)), name)
      } else {
        try compare("\(name) with all that is another's") { aim in
          try call(name, arguments(schema, naming: nil, aim, name))
        }
      }
      for cursor in ben.cursors.values where ben.cursors[name] != nil {
        look(try call(name, ["cursor": .string(cursor)]), "\(name) after another's cursor")
      }
      try compare("\(name) of another", replacing: [("ben", "nobody")]) { aim in
        var arguments = arguments(schema, naming: [], aim, name)
        arguments["user_id"] = .string(aim.user)
        let reply = try call(name, arguments)
        #expect(reply.result?["isError"] == true, "\(name) answers about \(aim.user)")
        return reply
      }
    }
    try checkNothingChanged()
  }

  /// The arguments that could name what is another's.
  private func naming(_ schema: JSONValue, _ tool: String) -> [String] {
    (schema["properties"]?.object ?? [:]).keys.sorted()
      .filter { value($0, schema, aim, tool) != nil }
  }

  private func call(_ tool: String, _ arguments: [String: JSONValue]) throws -> WireClient.Reply {
    try ana.client.ask("tools/call", ["name": .string(tool), "arguments": .object(arguments)])
  }

  /// What is required, and what of the rest is to be named; nil for everything that can be.
  private func arguments(
    _ schema: JSONValue, naming named: Set<String>?, _ aim: Aim, _ tool: String
  ) -> [String: JSONValue] {
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    var arguments: [String: JSONValue] = [:]
    for argument in (schema["properties"]?.object ?? [:]).keys {
      if named?.contains(argument) ?? true || required.contains(argument) {
        arguments[argument] = value(argument, schema, aim, tool)
      }
      if required.contains(argument), arguments[argument] == nil { arguments[argument] = "secret" }
    }
    return arguments
  }

  /// The argument that names what is aimed at; nil for one that names nothing of anybody.
  private func value(
    _ argument: String, _ schema: JSONValue, _ aim: Aim, _ tool: String
  ) -> JSONValue? {
    switch argument {
    case "memory_id", "supersedes": return .string(aim.memory)
    case "memory_ids": return [.string(aim.memory)]
    case "session_id", "continues": return .string(aim.session)
    case "memory_types": return [.string(aim.type)]
    case "filter": return ["field": "session_id", "op": "eq", "value": .string(aim.session)]
    case "items":
      guard let record = schema["properties"]?["items"]?["items"] else { return nil }
      return .array([.object(arguments(record, naming: nil, aim, tool))])
    case "content", "cursor", "delete_memories", "detail", "expected_version", "expires_at",
      "format", "importance", "include_expired", "include_history", "infer", "limit",
      "max_context_items", "max_tokens",
      "memory_scope", "memory_type", "metadata", "min_relevance", "occurred_at", "query",
      "question",
      "session_name", "since", "strategy", "until", "use_memory":
      return nil
    default:
      Issue.record("\(tool) takes \(argument): say here what of another's it could name")
      return nil
    }
  }

  /// All that was tried has changed nothing, and is remembered nowhere.
  private func checkNothingChanged() throws {
    for party in [ana, ben] {
      let list = try party.client.call("list_memories", ["session_id": .string(party.session)])
      #expect(list["total"] == 3)
      let contents = list["memories"]?.array?.compactMap { $0["content"]?.string } ?? []
      #expect(Set(contents) == Set((0..<3).map { "\(party.user)-owned secret \($0)" }))
      #expect(
        try party.client.call("list_memories", ["limit": 1])["total"]
          == .integer(Int64(Self.memories)))
      let session = try party.client.call(
        "get_session_info", ["session_id": .string(party.session)])["session"]
      #expect(session?["status"] == "active")
      #expect(session?["name"] == .string("\(party.user)-owned 1"))
    }
  }

  // MARK: Resources

  /// The addresses of what is aimed at, one of each kind that the server lists.
  private func addresses(_ aim: Aim) throws -> [String] {
    let templates = try #require(
      try ana.client.ask("resources/templates/list").result?["resourceTemplates"]?.array)
    #expect(templates.count >= 6)
    return templates.compactMap { template in
      var address = template["uriTemplate"]?.string ?? ""
      for (name, value) in [
        ("user_id", aim.user), ("session_id", aim.session), ("memory_id", aim.memory),
      ] {
        address = address.replacing("{\(name)}", with: value)
      }
      #expect(!address.contains("{"), "\(address): say here what of another's it could name")
      return address
    }
  }

  func tryResources() throws {
    let odd: (Aim) -> [String] = { aim in
      [
        "recollect://users/%\(aim.user == "ben" ? "62en" : "6eobody")/stats",
        "recollect://memories/../users/\(aim.user)/stats",
        "recollect://users/ana/../\(aim.user)/stats", "RECOLLECT://USERS/\(aim.user)/stats",
      ]
    }
    let count = try addresses(aim).count + odd(aim).count
    try handshake(ana.client)
    for number in 0..<count {
      let address: (Aim) throws -> String = { try (addresses($0) + odd($0))[number] }
      let words = [("/ben/", "/nobody/"), ("/%62en/", "/%6eobody/")]
      let what = try address(aim)
      try compare(what, replacing: words) { aim in
        let reply = try ana.client.ask("resources/read", ["uri": .string(try address(aim))])
        #expect(reply.status == 400 && reply.json["error"]?["code"] == -32602)
        return reply
      }
      for method in ["resources/read", "resources/subscribe"] {
        try compare("\(method) of \(what)", replacing: words) { aim in
          let reply = try ana.client.old(method, ["uri": .string(try address(aim))])
          #expect(reply.json["error"]?["code"] == -32002)
          return reply
        }
      }
    }
    let own = try ana.client.ask(
      "resources/read", ["uri": .string("recollect://memories/\(ana.memory)")])
    #expect(own.status == 200 && own.body.contains("ana-owned"))
    let cursors = ben.cursors.values.flatMap { ["m.\($0)", "s.\($0)", $0] } + [ben.listCursor]
    for cursor in cursors {
      look(
        try ana.client.ask("resources/list", ["cursor": .string(cursor)]), "a page after \(cursor)")
    }
  }

  /// Begins a session of the handshake era, as which the client speaks when it speaks the old way.
  private func handshake(_ client: WireClient) throws {
    let opened = try client.old("initialize", ["protocolVersion": "2025-11-25"])
    let session = try #require(opened.field("mcp-session-id"))
    client.session = session
  }

  // MARK: Prompts and completions

  func tryPrompts() throws {
    let prompts = try #require(try ana.client.ask("prompts/list").result?["prompts"]?.array)
    #expect(prompts.count >= 4)
    for prompt in prompts {
      let name = try #require(prompt["name"]?.string)
      let taken = (prompt["arguments"]?.array ?? []).compactMap { $0["name"]?.string }
      for argument in taken where !["query", "question", "session_id"].contains(argument) {
        Issue.record("\(name) takes \(argument): say here what of another's it could name")
      }
      for more in ["", "user_id", "session_id", "memory_id"] {
        try compare("\(name) with \(more)", replacing: [("\"ben\"", "\"nobody\"")]) { aim in
          var arguments: [String: JSONValue] = [:]
          for argument in taken + [more] where !argument.isEmpty {
            arguments[argument] =
              switch argument {
              case "user_id": .string(aim.user)
              case "session_id": .string(aim.session)
              case "memory_id": .string(aim.memory)
              default: "secret"
              }
          }
          return try ana.client.ask(
            "prompts/get", ["name": .string(name), "arguments": .object(arguments)])
        }
      }
      try tryCompletions(of: ["type": "ref/prompt", "name": .string(name)], taken)
    }
    for template in try ana.client.ask("resources/templates/list").result?["resourceTemplates"]?
      .array ?? []
    {
      let uri = try #require(template["uriTemplate"]?.string)
      let variables = uri.matches(of: /\{([a-z_]+)\}/).map { String($0.1) }
      try tryCompletions(of: ["type": "ref/resource", "uri": .string(uri)], variables)
    }
  }

  private func tryCompletions(of reference: JSONValue, _ names: [String]) throws {
    for name in Set(names + ["user_id", "session_id", "memory_id", "memory_type"]) {
      for beginning in ["", "b", String(ben.memory.prefix(8)), String(ben.session.prefix(8))] {
        for given: JSONValue in [[:], ["user_id": "ben"], ["session_id": .string(ben.session)]] {
          let reply = try ana.client.ask(
            "completion/complete",
            [
              "ref": reference, "argument": ["name": .string(name), "value": .string(beginning)],
              "context": ["arguments": given],
            ])
          look(reply, "completion of \(name)")
          #expect(!reply.body.contains(ben.session) && !reply.body.contains(ben.memory))
        }
      }
    }
  }

  // MARK: Subscriptions

  func trySubscriptions() throws {
    let stream = try WireClient(port, token: ana.client.token)
    let uris = try addresses(aim) + ["recollect://users/ana/stats"]
    try stream.post(
      WireClient.modern(
        "subscriptions/listen",
        [
          "notifications": [
            "resourceSubscriptions": .array(uris.map(JSONValue.string)),
            "resourcesListChanged": true,
          ]
        ]))
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

  // MARK: Sessions of the protocol

  /// The session of the one is to the other as if it never was, whatever is done with it.
  func trySessions() throws {
    try handshake(ben.client)
    let theirs = try #require(ben.client.session)
    let ping: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": "ping"]
    let cancel: JSONValue = [
      "jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": 1],
    ]
    func ask(_ method: String, _ message: JSONValue?, _ session: String) throws -> WireClient.Reply
    {
      let client = try WireClient(port, token: ana.client.token)
      let body = try message.map { try JSON.text($0) } ?? ""
      try client.send(
        """
        \(method) /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Accept: application/json, text/event-stream\r\nMcp-Session-Id: \(session)\r\n\
        Authorization: Bearer \(ana.client.token ?? "")\r\nContent-Length: \(body.utf8.count)\r\n\r\n\
        \(body)
        """)
      return try client.reply()
    }
    for (method, message) in [("POST", ping), ("POST", cancel), ("GET", nil), ("DELETE", nil)] {
      let foreign = try ask(method, message, theirs)
      let unknown = try ask(method, message, String(theirs.reversed()))
      #expect(foreign.status == 404 && foreign.body == unknown.body, "\(method)")
    }
    #expect(try ben.client.old("ping").result == [:])
  }
}
