import Foundation
import MCPServer
import Records
import Synchronization
import Testing

/// Who is told of what, and when it ends.
@Suite struct SubscriptionTests {
  private final class Inbox: Sendable {
    private let received = Mutex<[JSONValue]>([])

    var messages: [JSONValue] { received.withLock { $0 } }
    var methods: [String] { messages.compactMap { $0["method"]?.string } }

    @Sendable func take(_ message: JSONValue) { received.withLock { $0.append(message) } }

    func updates(of uri: String) -> Int {
      messages.count { $0["params"]?["uri"] == .string(uri) }
    }
  }

  private let library = SampleLibrary(["sample://ana/a": "1", "sample://ben/a": "1"])
  private let inbox = Inbox()

  private func connection(_ caller: Caller = .unbound(default: nil)) -> (Connection, ProtocolServer)
  {
    let server = fullServer(library, caller: caller)
    return (Connection(server, push: inbox.take), server)
  }

  private func send(_ connection: Connection, _ line: String) throws -> JSONValue? {
    try connection.receive(Message(Array(line.utf8)), notify: inbox.take)?.response().map {
      try JSON.value(from: Data($0.text))
    }
  }

  private func listen(_ connection: Connection, _ id: String, _ wanted: String) throws -> JSONValue?
  {
    try send(
      connection,
      #"{"jsonrpc":"2.0","id":\#(id),"method":"subscriptions/listen","#
        + #""params":{\#(Exchange.envelope),"notifications":\#(wanted)}}"#)
  }

  @Test func `a modern subscription is granted what there is, and told of changes`() throws {
    let (connection, _) = connection()
    let wanted =
      #"{"toolsListChanged":true,"resourcesListChanged":true,"#
      + #""resourceSubscriptions":["sample://ana/a","sample://nobody/x"]}"#
    #expect(try listen(connection, #""s-1""#, wanted) == nil)
    #expect(
      inbox.messages.first
        == (try json(
          #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"#
            + #""_meta":{"io.modelcontextprotocol/subscriptionId":"s-1"},"notifications":{"#
            + #""resourcesListChanged":true,"resourceSubscriptions":["sample://ana/a"]}}}"#)))
    library.set("sample://ana/a", "2")
    #expect(eventually { inbox.updates(of: "sample://ana/a") == 1 })
    library.set("sample://ana/0", "new")
    #expect(eventually { inbox.methods.contains("notifications/resources/list_changed") })
    for message in inbox.messages {
      #expect(message["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == "s-1")
    }
  }

  @Test func `two subscriptions each get their own`() throws {
    let (connection, _) = connection()
    _ = try listen(connection, "1", #"{"resourceSubscriptions":["sample://ana/a"]}"#)
    _ = try listen(connection, "2", #"{"resourceSubscriptions":["sample://ben/a"]}"#)
    library.set("sample://ben/a", "2")
    #expect(eventually { inbox.updates(of: "sample://ben/a") == 1 })
    let update = inbox.messages.last
    #expect(update?["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == 2)
    #expect(inbox.updates(of: "sample://ana/a") == 0)
  }

  @Test func `a subscription that is cancelled is silent, and forgotten`() throws {
    let (connection, server) = connection()
    _ = try listen(connection, "1", #"{"resourceSubscriptions":["sample://ana/a"]}"#)
    _ = try listen(connection, "2", #"{"resourceSubscriptions":["sample://ana/a"]}"#)
    _ = try send(
      connection,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#)
    library.set("sample://ana/a", "2")
    #expect(eventually { inbox.updates(of: "sample://ana/a") == 1 })
    let update = inbox.messages.last
    #expect(update?["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == 2)
    connection.cancelAll()
    #expect(subscriptions(of: server) == 0)
  }

  @Test func `a server that ends answers its subscriptions`() throws {
    let (connection, server) = connection()
    _ = try listen(connection, #""s""#, #"{"resourcesListChanged":true}"#)
    connection.endSubscriptions()
    let last = try #require(inbox.messages.last)
    #expect(last["id"] == "s" && last["result"]?["resultType"] == "complete")
    #expect(last["result"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == "s")
    #expect(subscriptions(of: server) == 0)
  }

  private let call =
    #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","#
    + #""arguments":{"text":"heard"}}}"#

  @Test func `the end of a server lets the requests of a session come to their answer`()
    async throws
  {
    let fixture = EndpointFixture()
    let id = try #require(
      await fixture.send(EndpointFixture.initialize).fields["mcp-session-id"])
    let work = try #require(
      await fixture.work(call, EndpointFixture.plain + [("Mcp-Session-Id", id)]))
    fixture.endpoint.endStreams()
    let reply = try #require(work.reply())
    #expect(String(decoding: reply.body, as: UTF8.self).contains("heard"))
    work.end()
  }

  @Test func `of two requests of a session the second is still given up after the first has ended`()
    async throws
  {
    let fixture = EndpointFixture()
    let id = try #require(
      await fixture.send(EndpointFixture.initialize).fields["mcp-session-id"])
    let lines = EndpointFixture.plain + [("Mcp-Session-Id", id)]
    let first = try #require(await fixture.work(call, lines))
    let second = try #require(await fixture.work(call.replacing(":7,", with: ":8,"), lines))
    #expect(first.reply() != nil)
    first.end()
    fixture.endpoint.cancelAll()
    let reply = try #require(second.reply())
    #expect(!String(decoding: reply.body, as: UTF8.self).contains("heard"))
    second.end()
  }

  @Test func `a client of the handshake era subscribes and unsubscribes by address`() throws {
    let (connection, _) = connection()
    func call(_ method: String, _ uri: String) throws -> JSONValue? {
      try send(
        connection,
        #"{"jsonrpc":"2.0","id":1,"method":"resources/\#(method)","params":{"uri":"\#(uri)"}}"#)
    }
    #expect(try call("subscribe", "sample://ana/a")?["result"] == [:])
    library.set("sample://ana/a", "2")
    #expect(eventually { inbox.updates(of: "sample://ana/a") == 1 })
    #expect(inbox.messages.last?["params"]?["_meta"] == nil)
    #expect(try call("unsubscribe", "sample://ana/a")?["result"] == [:])
    #expect(try call("subscribe", "sample://ben/a")?["result"] == [:])
    library.set("sample://ana/a", "3")
    library.set("sample://ben/a", "3")
    #expect(eventually { inbox.updates(of: "sample://ben/a") == 1 })
    #expect(inbox.updates(of: "sample://ana/a") == 1)
    #expect(try call("subscribe", "sample://nobody/x")?["error"]?["code"] == -32002)
  }

  @Test func `a client of the handshake era is told when the list changes`() throws {
    let (connection, _) = connection()
    _ = try send(connection, #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    // The watch has to have seen the list once.
    Thread.sleep(forTimeInterval: 1.2)
    library.set("sample://ana/0", "new")
    #expect(eventually { inbox.methods == ["notifications/resources/list_changed"] })
  }

  @Test func `nobody is told of what is another's`() throws {
    let (connection, _) = connection(.bound(UserID(stored: "ana")))
    _ = try listen(
      connection, "1",
      #"{"resourcesListChanged":true,"resourceSubscriptions":["sample://ben/a","sample://ana/a"]}"#)
    #expect(
      inbox.messages.first?["params"]?["notifications"]?["resourceSubscriptions"]
        == ["sample://ana/a"])
    library.set("sample://ben/a", "2")
    library.set("sample://ben/b", "new")
    library.set("sample://ana/a", "2")
    #expect(eventually { inbox.updates(of: "sample://ana/a") == 1 })
    #expect(inbox.messages.count == 2)
  }

  @Test func `what cannot be granted is refused`() throws {
    let (connection, _) = connection()
    let many = (0...100).map { #""sample://ana/\#($0)""# }.joined(separator: ",")
    for wanted in ["5", "[]", #"{"resourceSubscriptions":[\#(many)]}"#] {
      #expect(try listen(connection, "1", wanted)?["error"]?["code"] == -32602, "\(wanted)")
    }
    let bare = try send(
      connection, #"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}"#)
    #expect(bare?["error"]?["code"] == -32601)
  }

  @Test func `a thousand subscriptions leave nothing behind`() throws {
    let server = fullServer(library)
    for _ in 0..<1_000 {
      let connection = Connection(server, push: inbox.take)
      _ = try listen(connection, "1", #"{"resourceSubscriptions":["sample://ana/a"]}"#)
      connection.cancelAll()
    }
    #expect(subscriptions(of: server) == 0)
  }

  private func subscriptions(of server: ProtocolServer) -> Int? { server.subscriptionCount }
}
