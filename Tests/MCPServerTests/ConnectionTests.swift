import Foundation
import MCPServer
import Records
import Testing

@Suite struct ConnectionTests {
  private func receive(_ connection: Connection, _ line: String) -> PendingAnswer? {
    connection.receive(Message(Array(line.utf8)))
  }

  private func slowCall(_ id: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","#
      + #""params":{"name":"slow","arguments":{"label":"l"}}}"#
  }

  private func cancel(_ id: String) -> String {
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
  }

  @Test func `only what reads memories is slow`() throws {
    let connection = Exchange().connection
    for method in [
      "tools/call", "resources/list", "resources/read", "prompts/get", "completion/complete",
    ] {
      let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#
      #expect(try #require(receive(connection, line)).isQuick == false)
    }
    for method in ["initialize", "ping", "tools/list", "server/discover", "unheard/of"] {
      let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#
      #expect(try #require(receive(connection, line)).isQuick)
    }
    #expect(try #require(receive(connection, "garbage")).isQuick)
  }

  @Test func `a call that is cancelled before its turn never begins`() throws {
    let gate = SlowTool.Gate()
    let connection = Exchange([SlowTool(gate: gate)]).connection
    let pending = try #require(receive(connection, slowCall("5")))
    #expect(receive(connection, cancel("5")) == nil)
    #expect(pending.response() == nil)
    #expect(gate.calls == 0)
  }

  @Test func `ids of different types are different ids`() throws {
    let gate = SlowTool.Gate()
    gate.open()
    let connection = Exchange([SlowTool(gate: gate)]).connection
    let pending = try #require(receive(connection, slowCall("5")))
    #expect(receive(connection, cancel(#""5""#)) == nil)
    #expect(pending.response()?.id == .integer(5))
  }

  @Test func `an answered request can no longer be cancelled, and its id used again`() throws {
    let gate = SlowTool.Gate()
    gate.open()
    let connection = Exchange([SlowTool(gate: gate)]).connection
    #expect(receive(connection, slowCall("5"))?.response() != nil)
    #expect(receive(connection, cancel("5")) == nil)
    #expect(receive(connection, slowCall("5"))?.response() != nil)
  }

  @Test func `an id in use twice is survived`() throws {
    let gate = SlowTool.Gate()
    gate.open()
    let connection = Exchange([SlowTool(gate: gate)]).connection
    let first = try #require(receive(connection, slowCall("5")))
    let second = try #require(receive(connection, slowCall("5")))
    #expect(receive(connection, cancel("5")) == nil)
    #expect(first.response() != nil)
    #expect(second.response() == nil)
  }

  @Test func `giving up everything reaches every call`() throws {
    let connection = Exchange([SlowTool(gate: SlowTool.Gate())]).connection
    let pending = try (1...3).map { try #require(receive(connection, slowCall("\($0)"))) }
    connection.cancelAll()
    for answer in pending { #expect(answer.response() == nil) }
  }
}
