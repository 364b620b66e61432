import Foundation
import MCPServer
import Records
import Synchronization
import Testing

/// What becomes of a call over HTTP that is given up: by its client's going away, or by a message.
@Suite(.timeLimit(.minutes(1))) struct GivingUpTests {
  private let gate = SlowTool.Gate()
  private let fixture: EndpointFixture

  init() { fixture = EndpointFixture(tools: [SlowTool(gate: gate)]) }

  private static let slow = #""name":"slow","arguments":{"label":"l"}"#
  private static let call =
    #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{\#(slow)}}"#
  private static let cancel =
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#

  /// A reply that another thread makes.
  private final class Pending: Sendable {
    private let made = Mutex<HTTPReply??>(nil)

    init(_ work: HTTPWork) {
      Thread.detachNewThread { [self] in
        let reply = work.reply()
        work.end()
        made.withLock { $0 = .some(reply) }
      }
    }

    /// Waits for the reply; nil for none.
    func reply() throws -> HTTPReply? {
      try #require(eventually { made.withLock { $0 != nil } }, "there is no end")
      return made.withLock { $0 ?? nil }
    }
  }

  private func session() async throws -> [(String, String)] {
    let id = await fixture.send(EndpointFixture.initialize).fields["mcp-session-id"]
    return EndpointFixture.plain + [("Mcp-Session-Id", try #require(id))]
  }

  private func json(_ reply: HTTPReply?) throws -> JSONValue {
    try JSON.value(from: String(decoding: try #require(reply).body, as: UTF8.self))
  }

  @Test func `a call of the handshake era goes on when its client is gone`() async throws {
    let work = try #require(await fixture.work(Self.call, try await session()))
    #expect(!work.isTiedToConnection)
    let pending = Pending(work)
    #expect(eventually { gate.calls == 1 })
    work.cancel()
    gate.open()
    #expect(try json(try pending.reply())["result"]?["structuredContent"] == ["label": "l"])
    #expect(gate.cancelledCalls == 0)
  }

  @Test func `a call of the handshake era that a message gives up is answered so`() async throws {
    let lines = try await session()
    let pending = Pending(try #require(await fixture.work(Self.call, lines)))
    #expect(eventually { gate.calls == 1 })
    // Another session has nothing with that id under way.
    #expect(await fixture.send(Self.cancel, try await session()).status == 202)
    #expect(gate.cancelledCalls == 0)
    #expect(await fixture.send(Self.cancel, lines).status == 202)
    let reply = try pending.reply()
    #expect(reply?.status == 200)
    #expect(
      try json(reply)
        == (try json(
          #"{"jsonrpc":"2.0","id":7,"#
            + #""error":{"code":-32800,"message":"Request cancelled"}}"#)))
    #expect(gate.cancelledCalls == 1)
  }

  private func json(_ text: String) throws -> JSONValue { try JSON.value(from: text) }

  @Test func `a modern call stops when its client is gone, and nothing more is said`() async throws
  {
    let body = EndpointFixture.body("tools/call", Self.slow)
    let lines = EndpointFixture.modern("tools/call", "slow")
    let work = try #require(await fixture.work(body, lines))
    #expect(work.isTiedToConnection)
    let pending = Pending(work)
    #expect(eventually { gate.calls == 1 })
    // What another connection has under way is not given up with it.
    let other = Pending(try #require(await fixture.work(body, lines)))
    #expect(eventually { gate.calls == 2 })
    work.cancel()
    #expect(try pending.reply() == nil)
    #expect(gate.cancelledCalls == 1)
    gate.open()
    #expect(try json(try other.reply())["result"]?["structuredContent"] == ["label": "l"])
  }

  @Test func `a call that streams sends its answer as the text that is written`() async throws {
    let body = EndpointFixture.body("tools/call", Self.slow)
      .replacing(#""_meta":{"#, with: #""_meta":{"progressToken":1,"#)
    let lines = EndpointFixture.modern("tools/call", "slow")
    gate.open()
    let whole = await fixture.send(EndpointFixture.body("tools/call", Self.slow), lines)
    let work = try #require(await fixture.work(body, lines))
    let events = try #require(work.channel)
    Thread.detachNewThread { work.stream() }
    var answers: [HTTPReply?] = []
    for await item in events.items {
      if case .answer(let reply) = item { answers.append(reply) }
    }
    let reply = try #require(answers.first ?? nil)
    #expect(answers.count == 1 && reply.status == 200)
    #expect(String(decoding: reply.body, as: UTF8.self) == whole.text)
  }

  @Test func `a modern call that streams ends its stream without an answer`() async throws {
    let body = EndpointFixture.body("tools/call", Self.slow)
      .replacing(#""_meta":{"#, with: #""_meta":{"progressToken":1,"#)
    let work = try #require(
      await fixture.work(body, EndpointFixture.modern("tools/call", "slow")))
    let events = try #require(work.channel)
    Thread.detachNewThread { work.stream() }
    #expect(eventually { gate.calls == 1 })
    work.cancel()
    for await item in events.items {
      guard case .answer(nil) = item else {
        Issue.record("\(item) is sent to nobody")
        continue
      }
    }
    #expect(gate.cancelledCalls == 1)
  }
}
