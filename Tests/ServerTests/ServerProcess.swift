import Foundation
import Records
import TestSupport
import Testing

/// `recollect serve`, really running, and spoken to as an MCP client would.
final class ServerProcess {
  struct Failure: Error { let text: String }

  let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffered = Data()
  private var lastID: Int64 = 0

  /// Starts a server.
  ///
  /// - Parameter model: `hashing` unless the test is about the model; nil for the installed one.
  init(
    _ directory: URL, model: String? = "hashing", options: [String] = [],
    environment: [String: String] = [:], program: [String] = []
  ) throws {
    let command =
      program + [Checkout.program.path, "serve", "--data-directory", directory.path]
      + (model.map { ["--model", $0] } ?? []) + options
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    // As poor as the environments that desktop clients give.
    process.environment = [
      "HOME": NSHomeDirectory(), "PATH": "/usr/bin:/bin",
    ].merging(environment) { _, new in new }
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    if process.isRunning { kill() }
  }

  /// Ends the process the way a power cut would, as far as a process can tell.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitForEnd(seconds: 60)
  }

  /// Ends the input and waits for the process to end by itself; returns its exit status.
  func close() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitForEnd(seconds: 120)
    return process.terminationStatus
  }

  func initialize() throws -> JSONValue {
    try request(
      "initialize",
      [
        "protocolVersion": "2025-11-25", "capabilities": [:],
        "clientInfo": ["name": "test", "version": "1"],
      ])
  }

  /// The result of a request.
  func request(_ method: String, _ params: JSONValue = [:]) throws -> JSONValue {
    try answer(to: try send(method, params))
  }

  /// Sends a request and does not wait.
  func send(_ method: String, _ params: JSONValue = [:]) throws -> Int64 {
    lastID += 1
    let message: JSONValue = [
      "jsonrpc": "2.0", "id": .integer(lastID), "method": .string(method), "params": params,
    ]
    try input.fileHandleForWriting.write(contentsOf: try JSON.data(message) + [0x0A])
    return lastID
  }

  func answer(to id: Int64) throws -> JSONValue {
    while true {
      let message = try JSON.value(JSONValue.self, from: try line())
      guard message["id"] == .integer(id) else { continue }
      if let error = message["error"] { throw Failure(text: try JSON.text(error)) }
      return message["result"] ?? .null
    }
  }

  /// The results of several requests, in whatever order they come; those that came before the server
  /// ended, when it does.
  func answers(to ids: [Int64]) throws -> (results: [Int64: JSONValue], isOver: Bool) {
    var results: [Int64: JSONValue] = [:]
    while results.count < ids.count {
      let text: Data
      do { text = try line() } catch is Failure { return (results, true) }
      let message = try JSON.value(JSONValue.self, from: text)
      guard case .integer(let id)? = message["id"], ids.contains(id) else { continue }
      results[id] = message["result"] ?? .null
    }
    return (results, false)
  }

  /// What a tool answers.
  func call(_ tool: String, _ arguments: JSONValue = [:]) throws -> JSONValue {
    let result = try request("tools/call", ["name": .string(tool), "arguments": arguments])
    guard let content = result["structuredContent"] else {
      throw Failure(text: result["content"]?.array?.first?["text"]?.string ?? "nothing")
    }
    return content
  }

  /// The error that a tool answers.
  func failure(_ tool: String, _ arguments: JSONValue = [:]) throws -> JSONValue {
    let result = try request("tools/call", ["name": .string(tool), "arguments": arguments])
    #expect(result["isError"] == true && result["structuredContent"] == nil)
    return try JSON.value(
      JSONValue.self, from: result["content"]?.array?.first?["text"]?.string ?? "null")
  }

  private func line() throws -> Data {
    while true {
      if let end = buffered.firstIndex(of: 0x0A) {
        let line = Data(buffered[buffered.startIndex..<end])
        buffered = Data(buffered[buffered.index(after: end)...])
        return line
      }
      let more = try output.fileHandleForReading.nextData()
      guard !more.isEmpty else { throw Failure(text: "the server ended") }
      buffered += more
    }
  }
}

extension JSONValue {
  /// The contents of the hits of a search.
  var contents: [String] {
    self["hits"]?.array?.compactMap { $0["memory"]?["content"]?.string } ?? []
  }
}
