import Foundation
import Records
import TestSupport
import Testing

/// Two identities at one server: whatever one asks with the other's ids, it is answered as if the other
/// were not there.
@Suite struct IsolationTests {
  private let directory: TemporaryDirectory
  private let server: HTTPServerProcess
  private let attack: IsolationAttack

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
    server = try HTTPServerProcess(data, options: ["--tools", "all"])
    attack = try IsolationAttack(port: server.port, ana: keys.0, ben: keys.1)
  }

  @Test func `every tool with the other's ids answers as with ids that never were`() throws {
    try attack.tryTools()
  }

  @Test func `resources and cursors keep to their own`() throws { try attack.tryResources() }

  @Test func `prompts and completions keep to their own`() throws { try attack.tryPrompts() }

  @Test func `a subscription to what is another's is not granted, and stays silent`() throws {
    try attack.trySubscriptions()
  }

  @Test func `a session of the protocol is unknown to whoever did not open it`() throws {
    try attack.trySessions()
  }
}
