import Foundation
import Records
import TestSupport
import Testing

/// The official MCP clients, as a test: in every era, over standard input and output, over HTTP, and
/// over HTTP with an administrator's key.
@Suite struct ProbeTests {
  private static let prerequisites: (probe: URL, calls: URL, schemas: URL)? = {
    guard let probe = Checkout.shared("tools/mcp_probe.py"),
      let calls = Checkout.shared("tools/recollect_calls.json"),
      let schemas = Checkout.shared("data/mcp-schema")
    else { return nil }
    return (probe, calls, schemas)
  }()

  private struct Outcome {
    let status: Int32
    let text: String

    /// What it found fault with.
    var faults: [Substring] { text.split(separator: "\n").filter { $0.hasPrefix("FAIL") } }
  }

  /// Runs the probe; nil where it is not there.
  private func probe(_ arguments: [String]) throws -> Outcome? {
    guard let (tools, calls, schemas) = Self.prerequisites else { return nil }
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
    let python = URL(fileURLWithPath: cache).appendingPathComponent("recollect/probe/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      Issue.record("the probe's Python is not at \(python.path): run `make probe`")
      return nil
    }
    let probe = Process()
    probe.executableURL = python
    probe.arguments =
      [
        tools.path, "--wire", "--strict", "--quiet", "--show-log", "--schema-dir", schemas.path,
        "--calls", calls.path,
      ] + arguments
    let output = Pipe()
    probe.standardOutput = output
    try probe.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    probe.waitForEnd()
    print("probe: \(text.split(separator: "\n").last ?? "no output")")
    return Outcome(status: probe.terminationStatus, text: text)
  }

  @Test(.timeLimit(.minutes(5)))
  func `the official clients find nothing wrong on standard input and output`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data").path
    let outcome = try probe(["--", Checkout.program.path, "serve", "--data-directory", data])
    guard let outcome else { return }
    #expect(outcome.status == 0 && outcome.text.contains(" 0 failed"), "\(outcome.text)")
  }

  @Test(.timeLimit(.minutes(5)))
  func `the official clients find nothing wrong over HTTP`() throws {
    let directory = try TemporaryDirectory()
    let server = try HTTPServerProcess(directory.url.appendingPathComponent("data"))
    guard let outcome = try probe(["--http", server.url]) else { return }
    #expect(outcome.status == 0 && outcome.text.contains(" 0 failed"), "\(outcome.text)")
    #expect(server.end() == 0)
  }

  /// A server that knows keys alone has no authorization server to name. Clients that find the document
  /// begin to look for one and forget the key they were given, so there is none, and the strict probe
  /// says of each of its three challenges that it names no document.
  @Test(.timeLimit(.minutes(5)))
  func `the official clients find nothing wrong over HTTP with an administrator's key`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data")
    let made = try RecollectProcess().run([
      "keys", "create", "--admin", "--json", "--data-directory", data.path,
    ])
    let key = try #require(try JSON.value(JSONValue.self, from: made.text)["key"]?.string)
    let server = try HTTPServerProcess(data)
    guard let outcome = try probe(["--http", server.url, "--bearer", key]) else { return }
    let others = outcome.faults.filter { !$0.contains("names its resource_metadata") }
    #expect(others.isEmpty && outcome.faults.count == 3, "\(outcome.text)")
    #expect(server.end() == 0)
  }
}
