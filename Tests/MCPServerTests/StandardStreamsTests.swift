import Foundation
import MCPServer
import Records
import Testing

@Suite(.timeLimit(.minutes(1))) struct StandardStreamsTests {
  private let gate = SlowTool.Gate()

  private func client(lineLimit: Int = StandardStreams.maximumLineBytes) throws -> PipeClient {
    let client = try PipeClient(
      makeServer([EchoTool(), SlowTool(gate: gate)]), lineLimit: lineLimit)
    client.startReading()
    return client
  }

  // MARK: Lines

  @Test func `thirty requests written at once are all answered, each once`() throws {
    let client = try client()
    try client.send(
      (0..<30).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"tools/list"}"# }
        .joined(separator: "\n"))
    for id in 0..<30 { _ = try client.answer(to: .integer(Int64(id))) }
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
    let ids = try client.messages().compactMap { $0["id"] }
    #expect(Set(ids).count == 30)
    #expect(ids.count == 30)
  }

  @Test func `garbage is answered with an error and nothing else happens`() throws {
    let client = try client()
    try client.send("this is not json")
    try client.send("")
    try client.send("  \t \r")
    try client.send(Data([0xFF, 0xFE, 0x0A]))
    try client.send(#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#)
    try client.send(#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#)
    try client.ping(7)
    _ = try client.answer(to: 7)
    let codes = try client.messages().map { $0["error"]?["code"] }
    #expect(codes == [-32700, -32700, -32600, -32600, nil])
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  @Test func `a line may end with a carriage return, and the last without anything`() throws {
    let client = try client()
    try client.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, end: "\r\n")
    _ = try client.answer(to: 1)
    try client.send(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#, end: "")
    try client.closeInput()
    _ = try client.answer(to: 2)
    #expect(client.secondsUntilEnd() != nil)
  }

  @Test func `a message may arrive byte by byte, and hold line separators of Unicode`() throws {
    let client = try client()
    let line =
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","#
      + "\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":\"é😀\u{2028}\u{85}\"}}}\n"
    for byte in line.utf8 { try client.send(Data([byte])) }
    let answer = try client.answer(to: 1)
    #expect(answer["result"]?["structuredContent"]?["said"] == ["é😀\u{2028}\u{85}"])
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  @Test func `a message of a megabyte is answered`() throws {
    let client = try client()
    let text = String(repeating: "word ", count: 200_000)
    try client.call(1, "echo", #"{"text":"\#(text)"}"#)
    let said = try client.answer(to: 1)["result"]?["structuredContent"]?["said"]
    #expect(said == [.string(text)])
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  @Test func `a line beyond the limit is refused and the next one served`() throws {
    let client = try client(lineLimit: 100_000)
    try client.send(String(repeating: "x", count: 100_001))
    try client.ping(1)
    _ = try client.answer(to: 1)
    #expect(try client.messages().first?["error"]?["code"] == -32600)
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  // MARK: Slow calls

  @Test func `a slow call keeps nobody waiting`() throws {
    let client = try client()
    try client.call(1, "slow", #"{"label":"a"}"#)
    try client.ping(2)
    _ = try client.answer(to: 2)
    try client.call(3, "echo", #"{"text":"b"}"#)
    _ = try client.answer(to: 3)
    #expect(try client.messages().allSatisfy { $0["id"] != 1 })
    gate.open()
    #expect(try client.answer(to: 1)["result"]?["structuredContent"]?["label"] == "a")
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  @Test func `a cancelled call stops and is not answered, the others are`() throws {
    let client = try client()
    try client.call(5, "slow", #"{"label":"a"}"#)
    try client.call(6, "slow", #"{"label":"b"}"#)
    #expect(eventually { gate.calls == 2 })
    try client.send(
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#)
    #expect(eventually { gate.cancelledCalls == 1 })
    try client.ping(7)
    _ = try client.answer(to: 7)
    gate.open()
    _ = try client.answer(to: 6)
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
    #expect(try client.messages().allSatisfy { $0["id"] != 5 })
  }

  @Test func `so many calls run at once and no more`() throws {
    let client = try client()
    for id in 1...20 { try client.call(id, "slow", #"{"label":"a"}"#) }
    #expect(eventually { gate.calls == StandardStreams.concurrentCalls })
    for _ in 0..<50 { takeABreath() }
    #expect(gate.calls == StandardStreams.concurrentCalls)
    gate.open()
    for id in 1...20 { _ = try client.answer(to: .integer(Int64(id))) }
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
  }

  // MARK: The end

  @Test func `work in flight is finished after the input's end`() throws {
    let client = try client()
    try client.call(1, "slow", #"{"label":"a"}"#)
    #expect(eventually { gate.calls == 1 })
    try client.closeInput()
    for _ in 0..<50 { takeABreath() }
    gate.open()
    #expect(client.secondsUntilEnd() != nil)
    _ = try client.answer(to: 1)
  }

  @Test func `work that does not finish is left after a second`() throws {
    let client = try client()
    for id in 1...20 { try client.call(id, "slow", #"{"label":"a"}"#) }
    #expect(eventually { gate.calls == StandardStreams.concurrentCalls })
    try client.closeInput()
    let seconds = try #require(client.secondsUntilEnd())
    #expect(seconds < 30)
    // What waited for its turn never began.
    #expect(eventually { gate.cancelledCalls == StandardStreams.concurrentCalls })
    #expect(gate.calls == StandardStreams.concurrentCalls)
    #expect(try client.messages().isEmpty)
  }

  @Test func `a server that is told to stop stops, while its input is open`() throws {
    let client = try client()
    try client.ping(1)
    _ = try client.answer(to: 1)
    client.stop()
    let seconds = try #require(client.secondsUntilEnd())
    #expect(seconds < 1)
  }

  @Test func `a client that goes away ends the server`() throws {
    let client = try PipeClient(makeServer())
    try client.stopReading()
    try client.ping(1)
    let seconds = try #require(client.secondsUntilEnd())
    #expect(seconds < 1)
  }

  @Test func `a client that writes everything before it reads anything is served`() throws {
    let client = try PipeClient(makeServer())
    // Far more than the pipes hold, in both directions.
    let count = 4_000
    for id in 1...count { try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#) }
    client.startReading()
    _ = try client.answer(to: .integer(Int64(count)))
    try client.closeInput()
    #expect(client.secondsUntilEnd() != nil)
    #expect(try client.messages().count == count)
  }

  @Test func `a client that never reads does not keep the server`() throws {
    let client = try PipeClient(makeServer())
    for id in 1...1_000 { try client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#) }
    try client.closeInput()
    let seconds = try #require(client.secondsUntilEnd())
    #expect(seconds < 30)
    // The line that was being written still is; the pipe has to outlive it.
    client.startReading()
  }
}
