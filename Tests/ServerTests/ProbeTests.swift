import Foundation
import TestSupport
import Testing

/// The official MCP clients, as a test: in every era, over standard input and output.
@Suite struct ProbeTests {
  @Test(.timeLimit(.minutes(5)))
  func `the official clients find nothing wrong`() throws {
    guard let tools = Checkout.shared("tools/mcp_probe.py"),
      let calls = Checkout.shared("tools/recollect_calls.json"),
      let schemas = Checkout.shared("data/mcp-schema")
    else { return }
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
    let python = URL(fileURLWithPath: cache).appendingPathComponent("recollect/probe/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      Issue.record("the probe's Python is not at \(python.path): run `make probe`")
      return
    }
    let directory = try TemporaryDirectory()
    let probe = Process()
    probe.executableURL = python
    probe.arguments = [
      tools.path, "--wire", "--strict", "--quiet", "--show-log", "--schema-dir", schemas.path,
      "--calls", calls.path, "--", Checkout.program.path, "serve", "--data-directory",
      directory.url.appendingPathComponent("data").path,
    ]
    let output = Pipe()
    probe.standardOutput = output
    try probe.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    probe.waitUntilExit()
    print("probe: \(text.split(separator: "\n").last ?? "no output")")
    #expect(probe.terminationStatus == 0, "\(text)")
    #expect(text.contains(" 0 failed"))
  }
}
