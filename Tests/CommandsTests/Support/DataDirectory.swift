import Foundation
import Records
import TestSupport

/// A data directory of a test's own, and the program that works on it.
struct DataDirectory {
  private let folder: TemporaryDirectory
  private let program: RecollectProcess

  init() throws {
    folder = try TemporaryDirectory()
    program = try RecollectProcess()
  }

  func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

  /// Writes a file beside the data and returns its path.
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.url.appendingPathComponent(name))
    return path(name)
  }

  /// Runs a verb on the data.
  func run(
    _ arguments: [String], stdin: String = "", environment: [String: String] = [:]
  ) throws -> RecollectProcess.Outcome {
    try program.run(
      arguments + ["--data-directory", path("data"), "--model", "hashing"],
      stdin: Data(stdin.utf8), environment: environment)
  }

  func run(_ arguments: String...) throws -> RecollectProcess.Outcome { try run(arguments) }

  /// The exit code of a verb.
  func status(_ arguments: String...) throws -> Int32 { try run(arguments).status }

  /// The one document that a verb prints with `--json`.
  ///
  /// - Throws: `Unexpected` when the exit code is another, or standard output holds anything else.
  func json(_ arguments: [String], status: Int32 = 0, stdin: String = "") throws -> JSONValue {
    let outcome = try run(arguments + ["--json"], stdin: stdin)
    guard outcome.status == status else {
      throw RecollectProcess.Unexpected(
        description: "\(arguments): \(outcome.status): \(outcome.standardError)")
    }
    return try JSONTextReader.value(of: Array(outcome.standardOutput))
  }

  func json(_ arguments: String..., status: Int32 = 0) throws -> JSONValue {
    try json(arguments, status: status)
  }

  /// What the tools of a server on the data give, in the order of the calls.
  func tools(_ calls: [(name: String, arguments: JSONValue)]) throws -> [JSONValue] {
    let initialize: JSONValue = [
      "jsonrpc": "2.0", "id": 0, "method": "initialize",
      "params": [
        "protocolVersion": "2025-11-25", "capabilities": [:],
        "clientInfo": ["name": "tests", "version": "1"],
      ],
    ]
    let requests = calls.enumerated().map { number, call -> JSONValue in
      [
        "jsonrpc": "2.0", "id": .integer(Int64(number + 1)), "method": "tools/call",
        "params": ["name": .string(call.name), "arguments": call.arguments],
      ]
    }
    let lines = try ([initialize] + requests).map { try JSON.text($0) }
    let outcome = try run(
      ["serve", "--tools", "all", "--read-only"], stdin: lines.joined(separator: "\n") + "\n")
    let replies = try outcome.text.split(separator: "\n").map {
      try JSONTextReader.value(of: Array($0.utf8))
    }
    return calls.indices.map { number in
      let reply = replies.first { $0["id"] == .integer(Int64(number + 1)) }
      return reply?["result"]?["structuredContent"] ?? .null
    }
  }
}
