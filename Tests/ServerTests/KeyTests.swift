import Foundation
import Records
import TestSupport
import Testing

/// Keys: made and revoked at the command line, held against by a server that runs.
@Suite struct KeyTests {
  private let directory: TemporaryDirectory
  private let data: URL

  init() throws {
    directory = try TemporaryDirectory()
    data = directory.url.appendingPathComponent("data")
  }

  private func keys(_ arguments: String...) throws -> (status: Int32, json: JSONValue) {
    let outcome = try RecollectProcess().run(
      ["keys"] + arguments + ["--json", "--data-directory", data.path])
    return (outcome.status, (try? JSON.value(from: outcome.text)) ?? .null)
  }

  private func create(_ arguments: String...) throws -> (key: String, id: String) {
    let outcome = try RecollectProcess().run(
      ["keys", "create"] + arguments + ["--json", "--data-directory", data.path])
    let json = try JSON.value(JSONValue.self, from: outcome.text)
    return (try #require(json["key"]?.string), try #require(json["id"]?.string))
  }

  @Test func `a key opens until it is revoked, and then not a second longer`() throws {
    let ana = try create("--user", "ana", "--name", "laptop")
    let ben = try create("--user", "ben")
    let server = try HTTPServerProcess(data)
    let client = try WireClient(server.port, token: ana.key)
    #expect(try client.call("add_memory", ["content": "of ana"])["outcome"] == "added")
    let stream = try WireClient(server.port, token: ana.key)
    try stream.post(
      WireClient.modern("subscriptions/listen", ["notifications": ["resourcesListChanged": true]]))
    #expect(try stream.head().status == 200)
    #expect(try keys("revoke", ana.id).status == 0)
    let deadline = Date(timeIntervalSinceNow: 1)
    while try client.ask("tools/list").status != 401 {
      try #require(Date() < deadline.addingTimeInterval(30), "the key still opens")
      Thread.sleep(forTimeInterval: 0.02)
    }
    // Timings never decide; what the machine took is told.
    print("revoked key refused after \(Date().timeIntervalSince(deadline) + 1) s")
    while try stream.event() != nil {}
    let other = try WireClient(server.port, token: ben.key)
    #expect(try other.call("list_memories")["total"] == 0)
    #expect(try keys("revoke", ana.id).status == 1)
  }

  @Test func `the first key closes a server that was open`() throws {
    let server = try HTTPServerProcess(data)
    let client = try WireClient(server.port)
    #expect(try client.ask("tools/list").status == 200)
    let made = try create("--user", "ana")
    let deadline = Date(timeIntervalSinceNow: 30)
    while case let status = try client.ask("tools/list").status, status != 401 {
      try #require(status == 200 && Date() < deadline)
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(try WireClient(server.port, token: made.key).ask("tools/list").status == 200)
  }

  @Test func `no key is stored, and the file is its owner's alone`() throws {
    let made = try create("--admin")
    let file = data.appendingPathComponent("keys.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(!text.contains(made.key) && !text.contains(made.key.dropFirst(3)))
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    let listed = try keys("list").json["keys"]?.array
    #expect(listed?.count == 1 && listed?.first?["key"] == nil)
    #expect(listed?.first?["administrator"] == true)
  }

  @Test func `revoking the last key opens nothing`() throws {
    let only = try create("--user", "ana")
    _ = try keys("revoke", only.id)
    let server = try HTTPServerProcess(data)
    #expect(try WireClient(server.port).ask("tools/list").status == 401)
    #expect(try WireClient(server.port, token: only.key).ask("tools/list").status == 401)
  }

  @Test func `a file of keys that is damaged lets nobody in`() throws {
    let made = try create("--user", "ana")
    let server = try HTTPServerProcess(data)
    let client = try WireClient(server.port, token: made.key)
    #expect(try client.ask("tools/list").status == 200)
    try Data("{".utf8).write(to: data.appendingPathComponent("keys.json"))
    while case let status = try client.ask("tools/list").status, status != 503 {
      #expect(status == 200)
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(try keys("list").status == 4)
  }

  @Test func `a key that only reads does not write`() throws {
    let reader = try create("--user", "ana", "--read-only")
    let server = try HTTPServerProcess(data)
    let client = try WireClient(server.port, token: reader.key)
    #expect(try client.call("list_memories")["total"] == 0)
    let refused = try client.ask(
      "tools/call", ["name": "add_memory", "arguments": ["content": "x"]])
    #expect(refused.status == 403)
    #expect(refused.field("www-authenticate")?.contains("insufficient_scope") == true)
  }

  @Test func `keys are made by many at once, and none is lost`() throws {
    let processes = try (0..<8).map { number in
      let process = Process()
      process.executableURL = Checkout.program
      process.arguments = [
        "keys", "create", "--user", "u\(number)", "--data-directory", data.path,
      ]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    for process in processes { process.waitForEnd() }
    #expect(try keys("list").json["total"] == 8)
  }
}
