import Foundation
import Records
import TestSupport
import Testing

/// The server with the real model, without one, and with one that comes later.
@Suite struct ModelTests {
  /// The installed model of whoever runs the tests.
  private var installedModel: URL? {
    let environment = ProcessInfo.processInfo.environment
    let places = [environment["XDG_DATA_HOME"], NSHomeDirectory() + "/.local/share"]
    return places.compactMap { $0 }
      .map { URL(fileURLWithPath: $0).appendingPathComponent("recollect/models/all-MiniLM-L6-v2") }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  private func status(_ server: ServerProcess, of part: String) throws -> JSONValue? {
    let health = try server.call("health_check")
    return health["parts"]?.array?.first { $0["name"] == .string(part) }?["status"]
  }

  @Test(.timeLimit(.minutes(3)))
  func `without a model it works by keyword and says degraded; a model that comes is taken up`()
    throws
  {
    let model = try #require(installedModel, "the model is not installed: run `make setup`")
    let directory = try TemporaryDirectory()
    let home = directory.url.appendingPathComponent("home")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let server = try ServerProcess(
      directory.url.appendingPathComponent("data"), model: nil,
      environment: ["HOME": home.path, "XDG_DATA_HOME": ""])
    let content = "My sister Ingrid keeps bees on the roof of her house in Lisbon."
    _ = try server.call("add_memory", ["content": .string(content)])
    _ = try server.call("add_memory", ["content": "The quarterly budget review is on Thursday."])
    #expect(try server.call("health_check")["status"] == "degraded")
    #expect(try status(server, of: "embedder") == "degraded")
    #expect(try server.call("search_memories", ["query": "Ingrid's roof"]).contents == [content])
    let meaning: JSONValue = ["query": "Who in the family looks after insects?", "limit": 1]
    #expect(try server.call("search_memories", meaning).contents.isEmpty)
    // The model arrives while the server runs.
    let install = Process()
    install.executableURL = Checkout.program
    install.arguments = ["model", "install", "--from", model.path, "--json"]
    install.environment = ["HOME": home.path, "PATH": "/usr/bin:/bin"]
    let output = Pipe()
    install.standardOutput = output
    try install.run()
    install.waitForEnd()
    #expect(install.terminationStatus == 0)
    let report = try JSON.value(
      JSONValue.self, from: output.fileHandleForReading.readDataToEndOfFile())
    #expect(report["dimension"] == 384)
    let deadline = ContinuousClock.now + .seconds(60)
    var found: [String] = []
    while found.isEmpty, ContinuousClock.now < deadline {
      // Without vectors a hybrid search finds nothing for these words; the background work makes them.
      found = try server.call("search_memories", meaning).contents
      if found.isEmpty { Thread.sleep(forTimeInterval: 0.2) }
    }
    #expect(found == [content])
    #expect(try status(server, of: "embedder") == "ok")
  }

  @Test func `with the model memories are found by meaning inside the right scope`() throws {
    _ = try #require(installedModel, "the model is not installed: run `make setup`")
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url, model: nil)
    for (user, content) in [
      ("ana", "My sister keeps bees on the roof."), ("ana", "The budget review is on Thursday."),
      ("ben", "I breed bees and sell their honey."),
    ] {
      _ = try server.call("add_memory", ["content": .string(content), "user_id": .string(user)])
    }
    let found = try server.call(
      "search_memories", ["query": "Who looks after insects?", "user_id": "ana", "limit": 10])
    #expect(found.contents.first == "My sister keeps bees on the roof.")
    #expect(found.contents.count == 2)
  }

  @Test func `without python and pip an installation says what is missing and exits with 4`() throws
  {
    let directory = try TemporaryDirectory()
    let install = Process()
    install.executableURL = Checkout.program
    install.arguments = ["model", "install"]
    install.environment = ["HOME": directory.url.path, "PATH": "/nowhere"]
    let errors = Pipe()
    install.standardError = errors
    try install.run()
    install.waitForEnd()
    let text = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(install.terminationStatus == 4)
    #expect(text.contains("pip") || text.contains("python3"))
  }
}
