import Foundation
import MCPServer
import Records
import Synchronization
import Testing

/// A JSON literal of a test.
func json(_ text: String) throws -> JSONValue { try JSON.value(from: text) }

/// A millisecond in which others may go on.
func takeABreath() { Thread.sleep(forTimeInterval: 0.001) }

/// Waits until something holds; says whether it came to hold within a minute.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + .seconds(60)
  while try !condition() {
    if ContinuousClock.now > end { return false }
    takeABreath()
  }
  return true
}

/// The lines a server wrote to its log.
final class Journal: Sendable {
  private let written = Mutex<[String]>([])

  var lines: [String] { written.withLock { $0 } }

  func write(_ line: String) { written.withLock { $0.append(line) } }
}

func makeServer(
  _ tools: [any Tool] = [EchoTool()], caller: Caller = .unbound(default: nil),
  journal: Journal = Journal()
) -> ProtocolServer {
  ProtocolServer(
    info: ServerInfo(version: "1.2.3", description: "A test."), instructions: "Use it.",
    tools: tools, caller: caller, log: journal.write)
}

/// One connection without a transport.
struct Exchange {
  static let envelope =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientCapabilities":{}}"#

  let connection: Connection

  init(
    _ tools: [any Tool] = [EchoTool()], caller: Caller = .unbound(default: nil),
    journal: Journal = Journal()
  ) {
    connection = Connection(makeServer(tools, caller: caller, journal: journal))
  }

  /// The answer to a line, nil when there is none.
  func answer(_ line: String) throws -> JSONValue? {
    try connection.answer(Message(Array(line.utf8))).map { response in
      try JSON.value(from: Data(response.text))
    }
  }

  /// The result of a tool, called in the handshake era.
  func call(_ tool: String, _ arguments: String) throws -> JSONValue {
    let line =
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","#
      + #""params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
    return try #require(try answer(line)?["result"])
  }

  /// The definition of the only tool.
  func definition() throws -> JSONValue {
    let answer = try answer(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
    return try #require(answer?["result"]?["tools"]?.array?.first)
  }
}
