internal import Foundation
internal import Records

/// An MCP client of the demonstration: starts a server and speaks with it, one request at a time.
final class DemoClient {
  /// From the start of the process to the answer to `initialize`.
  private(set) var startTime: Duration = .zero
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffered = Data()
  private var lastID: Int64 = 0

  /// Starts `recollect serve` on a data directory and shakes hands with it.
  init(serving folder: URL, model: String?) throws {
    guard let program = Bundle.main.executableURL else {
      throw InputError(.unavailable, "The program cannot find itself.")
    }
    process.executableURL = program
    process.arguments =
      ["serve", "--data-directory", folder.path] + (model.map { ["--model", $0] } ?? [])
    process.standardInput = input
    process.standardOutput = output
    // A server that ends early is an error to report, not a signal to die of.
    signal(SIGPIPE, SIG_IGN)
    let clock = ContinuousClock()
    let start = clock.now
    try process.run()
    _ = try request(
      "initialize",
      [
        "protocolVersion": "2025-11-25", "capabilities": [:],
        "clientInfo": ["name": "recollect-demo", "version": "1"],
      ])
    startTime = clock.now - start
    try send(["jsonrpc": "2.0", "method": "notifications/initialized"])
  }

  /// The names of the tools.
  func tools() throws -> [String] {
    try request("tools/list", [:])["tools"]?.array?.compactMap { $0["name"]?.string } ?? []
  }

  /// Calls a tool; returns what it answered and how long that took.
  func call(_ tool: String, _ arguments: JSONValue) throws -> (JSONValue, Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try request("tools/call", ["name": .string(tool), "arguments": arguments])
    guard let content = result["structuredContent"] else {
      let text = result["content"]?.array?.first?["text"]?.string ?? "no content"
      throw InputError(.bug, "\(tool) failed: \(text)")
    }
    return (content, clock.now - start)
  }

  /// Ends the server by ending its input.
  func close() throws {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  private func request(_ method: String, _ params: JSONValue) throws -> JSONValue {
    lastID += 1
    try send([
      "jsonrpc": "2.0", "id": .integer(lastID), "method": .string(method), "params": params,
    ])
    while true {
      let message = try JSON.value(JSONValue.self, from: try line())
      guard message["id"] == .integer(lastID) else { continue }
      if let error = message["error"] {
        throw InputError(.bug, "\(method) failed: \(try JSON.text(error))")
      }
      return message["result"] ?? .null
    }
  }

  private func send(_ message: JSONValue) throws {
    try input.fileHandleForWriting.write(contentsOf: try JSON.data(message) + [0x0A])
  }

  private func line() throws -> Data {
    while true {
      if let end = buffered.firstIndex(of: 0x0A) {
        let line = Data(buffered[buffered.startIndex..<end])
        buffered = Data(buffered[buffered.index(after: end)...])
        return line
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw InputError(.bug, "The server ended unexpectedly.") }
      buffered += more
    }
  }
}
