import Foundation
import Records
import SchemaTestSupport
import TestSupport
import Testing

/// Every tool, over the protocol, with everybody's ids mixed: servers that are bound to one user and
/// one that is not share a directory, each reply is looked at, and everything that is stored
/// afterwards.
@Suite struct WallOverMCPTests {
  private static let calls =
    (ProcessInfo.processInfo.environment["RECOLLECT_TEST_WALL_CALLS"].flatMap(Int.init) ?? 5_000)
    * 2 / 5

  @Test(.timeLimit(.minutes(60)))
  func `no tool with anybody's ids shows or changes another user's records`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("wall over MCP: \(Self.calls) calls, seed \(seed)")
    var attack = try Attack(seed: seed)
    for _ in 0..<Self.calls { try attack.step() }
    try attack.finish()
    #expect(attack.succeeded > Self.calls / 3 && attack.refused > Self.calls / 20)
  }
}

private struct Attack {
  private let directory: TemporaryDirectory
  private let folder: URL
  private let free: ServerProcess
  private let bound: [String: ServerProcess]
  private var generator: SeededGenerator
  private let users = ["ana", "ben", "cleo"]
  /// Whose each memory is, and its content.
  private var memories: [String: (owner: String, content: String, session: String?)] = [:]
  private var sessions: [String: String] = [:]
  /// What each tool has promised of its output.
  private let schemas: [String: JSONValue]
  private var gone: [String] = []
  /// The ids of each user's records, those that are gone among them.
  private var memoryIDs: [String: [String]] = [:]
  private var sessionIDs: [String: [String]] = [:]
  private(set) var succeeded = 0
  private(set) var refused = 0

  private var user = "ana"
  /// Whether the caller names the user, which whoever is bound need not.
  private var names = true

  init(seed: UInt64) throws {
    directory = try TemporaryDirectory()
    folder = directory.url.appendingPathComponent("data")
    generator = SeededGenerator(seed: seed)
    free = try ServerProcess(folder, options: ["--tools", "all"])
    _ = try free.initialize()
    var schemas: [String: JSONValue] = [:]
    for tool in try free.request("tools/list")["tools"]?.array ?? [] {
      schemas[tool["name"]?.string ?? ""] = tool["outputSchema"]
    }
    self.schemas = schemas
    var bound: [String: ServerProcess] = [:]
    for user in ["ana", "ben"] {
      let server = try ServerProcess(folder, options: ["--tools", "all", "--user", user])
      _ = try server.initialize()
      bound[user] = server
    }
    self.bound = bound
  }

  mutating func step() throws {
    user = pick(users)
    let isBound = bound[user] != nil && Bool.random(using: &generator)
    let server = isBound ? bound[user] ?? free : free
    names = !isBound
    var (tool, arguments) = request()
    // Whoever is bound may name itself, and finds nobody under any other name.
    let other = isBound && Int.random(in: 0..<8, using: &generator) == 0
    if other { arguments["user_id"] = .string(pick(users.filter { $0 != user } + ["nobody"])) }
    let result = try server.request(
      "tools/call", ["name": .string(tool), "arguments": .object(arguments)])
    look(at: result, tool)
    if let reply = result["structuredContent"], let schema = schemas[tool] {
      #expect(faults(of: reply, against: schema) == [], "\(tool) breaks its promise")
    }
    guard let reply = result["structuredContent"] else {
      let text = result["content"]?.array?.first?["text"]?.string ?? "null"
      let code = try JSON.value(JSONValue.self, from: text)["code"]?.string
      #expect(
        ["not_found", "session_expired", "conflict"].contains(code)
          || (other && code == "invalid_argument"), "\(tool): \(text)")
      refused += 1
      return
    }
    #expect(!other, "\(tool) answers \(user) about another")
    succeeded += 1
    record(tool, arguments, reply)
  }

  // MARK: Asking

  private mutating func request() -> (String, [String: JSONValue]) {
    let word = "word\(Int.random(in: 0..<300, using: &generator))"
    var arguments: [String: JSONValue] = names ? ["user_id": .string(user)] : [:]
    let tools = [
      "add_memory", "add_memory", "add_memories", "search_memories", "search_memories",
      "get_memory", "update_memory", "delete_memory", "list_memories", "clear_memories",
      "get_memory_stats", "ask_question", "create_session", "create_session", "get_session_info",
      "update_session", "list_user_sessions", "expire_session", "delete_session",
      "get_session_stats", "health_check",
    ]
    let tool = pick(tools)
    switch tool {
    case "health_check": arguments = [:]
    case "add_memory":
      arguments["content"] = .string("\(user)-owned \(word)")
      arguments["session_id"] = anySession()
      if Int.random(in: 0..<8, using: &generator) == 0 { arguments["supersedes"] = anyMemory() }
    case "add_memories":
      arguments["items"] = .array(
        (0..<2).map { .object(["content": .string("\(user)-owned \(word) \($0)")]) })
    case "search_memories":
      arguments["query"] = .string(word)
      arguments["limit"] = 50
      arguments["session_id"] = anySession()
    case "get_memory":
      arguments["memory_ids"] = .array((0..<4).map { _ in anyMemory() })
      arguments["include_history"] = true
    case "update_memory":
      arguments["memory_id"] = anyMemory()
      arguments["content"] = .string("\(user)-owned changed \(word)")
    case "delete_memory": arguments["memory_id"] = anyMemory()
    case "list_memories", "get_memory_stats": arguments["session_id"] = anySession()
    case "clear_memories":
      // Of one session, or of a type that nobody has.
      if let session = anySession() {
        arguments["session_id"] = session
      } else {
        arguments["memory_types"] = ["nothing"]
      }
    case "ask_question":
      arguments["question"] = .string("What about \(word)?")
      arguments["session_id"] = anySession()
    case "create_session":
      arguments["session_name"] = .string("\(user)-owned")
      arguments["continues"] = Bool.random(using: &generator) ? anySession() : nil
    case "list_user_sessions":
      arguments["include_expired"] = true
      arguments["limit"] = 100
    default:
      arguments["session_id"] = anySession() ?? .string(SessionID.make().description)
      if tool == "update_session" { arguments["session_name"] = .string("\(user)-owned again") }
    }
    return (tool, arguments)
  }

  // MARK: Looking

  /// Whatever comes back says nothing that another user has stored, and names nobody else.
  private func look(at result: JSONValue, _ tool: String) {
    guard let text = try? JSON.text(result) else {
      Issue.record("\(tool) cannot be read")
      return
    }
    for other in users where other != user {
      #expect(!text.contains("\(other)-owned"), "\(tool) shows \(user) what is \(other)'s")
      #expect(!text.contains("\"user_id\":\"\(other)\""), "\(tool) names \(other) to \(user)")
    }
  }

  private mutating func record(
    _ tool: String, _ arguments: [String: JSONValue], _ reply: JSONValue
  ) {
    if let session = arguments["session_id"]?.string, reply["deleted"] != false {
      #expect(sessions[session] == user, "\(tool) let \(user) into a session")
    }
    switch tool {
    case "add_memory", "update_memory": store(reply["memory"])
    case "add_memories":
      for (item, made) in zip(
        arguments["items"]?.array ?? [], reply["memories"]?.array ?? [])
      {
        guard let id = made["memory_id"]?.string else { continue }
        memories[id] = (user, item["content"]?.string ?? "", nil)
        memoryIDs[user, default: []].append(id)
      }
    case "get_memory":
      let asked = arguments["memory_ids"]?.array?.compactMap(\.string) ?? []
      let found = reply["memories"]?.array?.compactMap { $0["memory_id"]?.string } ?? []
      #expect(found == asked.filter { memories[$0]?.owner == user })
    case "delete_memory":
      let id = arguments["memory_id"]?.string ?? ""
      #expect((reply["deleted"] == true) == (memories[id]?.owner == user))
      if reply["deleted"] == true { forget(id) }
    case "list_memories", "get_memory_stats":
      let session = arguments["session_id"]?.string
      let own = memories.values.filter {
        $0.owner == user && (session == nil || $0.session == session)
      }
      #expect(reply["total"] == .integer(Int64(own.count)), "\(tool)")
    case "clear_memories", "delete_session":
      guard let session = arguments["session_id"]?.string, reply["deleted"] != false else { return }
      for (id, known) in memories where known.session == session { forget(id) }
      if tool == "delete_session" { sessions[session] = nil }
    case "ask_question":
      guard let id = reply["memory_id"]?.string, let text = reply["answer"]?.string,
        let question = arguments["question"]?.string
      else { return }
      memories[id] = (user, "Q: \(question)\nA: \(text)", arguments["session_id"]?.string)
      memoryIDs[user, default: []].append(id)
    case "create_session":
      guard let id = reply["session"]?["session_id"]?.string else { return }
      sessions[id] = user
      sessionIDs[user, default: []].append(id)
    default: break
    }
  }

  private mutating func store(_ memory: JSONValue?) {
    guard let id = memory?["memory_id"]?.string, let content = memory?["content"]?.string else {
      return
    }
    #expect(memories[id].map { $0.owner == user } ?? true)
    if memories[id] == nil { memoryIDs[user, default: []].append(id) }
    memories[id] = (user, content, memory?["session_id"]?.string)
  }

  private mutating func forget(_ id: String) {
    memories[id] = nil
    gone.append(id)
  }

  /// Ends the servers, and holds everything that is stored against the picture.
  mutating func finish() throws {
    #expect(try free.close() == 0)
    for server in bound.values { #expect(try server.close() == 0) }
    let export = try RecollectProcess().run(["export", "--data-directory", folder.path])
    #expect(export.status == 0)
    var stored: [String: [String]] = [:]
    var found: [String: String] = [:]
    for line in export.text.split(separator: "\n") {
      let record = try JSON.value(JSONValue.self, from: String(line))
      if let id = record["memory_id"]?.string {
        stored[id] = [record["user_id"]?.string ?? "", record["content"]?.string ?? ""]
      } else if let id = record["session_id"]?.string {
        found[id] = record["user_id"]?.string
      }
    }
    #expect(stored == memories.mapValues { [$0.owner, $0.content] })
    #expect(found == sessions)
  }

  // MARK: Picking

  private static let unknown = "019cafb8-d24e-7058-a5c2-64c505d95954"

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &generator)]
  }

  /// Of anybody, of nobody any more, or of nobody ever.
  private mutating func anyMemory() -> JSONValue {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0 where !gone.isEmpty: return .string(pick(gone))
    case 1...4: return .string(pick(memoryIDs[pick(users)] ?? [Self.unknown]))
    case 5...9: return .string(pick(memoryIDs[user] ?? [Self.unknown]))
    default: return .string(Self.unknown)
    }
  }

  private mutating func anySession() -> JSONValue? {
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return .string(Self.unknown)
    case 1...2: return .string(pick(sessionIDs[pick(users)] ?? [Self.unknown]))
    case 3...7: return .string(pick(sessionIDs[user] ?? [Self.unknown]))
    default: return nil
    }
  }
}
