import Foundation
import LanguageModels
import ModelTestSupport
import Records
import TestSupport
import Testing

/// A remote model over a real connection, well and ill.
@Suite struct ChatModelTests {
  private static let key = "sk-not-to-be-seen-0123456789"

  private func model(
    _ server: ModelServer, patience: Duration = .seconds(20), attempts: Int = 3,
    key: String? = key, random: Double = 0
  ) throws -> ChatModel {
    var rules = ChatModel.Rules(
      address: try RemoteAddress(server.url), model: "small", key: key.map { Secret($0) })
    rules.patience = patience
    rules.attempts = attempts
    rules.replyLimit = 1 << 20
    return ChatModel(rules, random: { random })
  }

  private func prompt(_ text: String = "hello") throws -> ModelPrompt {
    ModelPrompt(instructions: "Say something.", data: try DataBlock(["text": .string(text)]))
  }

  /// What is thrown, which never holds the key.
  private func failure(_ body: () throws -> Void) throws -> ModelFailure {
    let failure = try #require(throws: ModelFailure.self) { try body() }
    #expect(!"\(failure)".contains(Self.key) && !"\(failure.error("x"))".contains(Self.key))
    return failure
  }

  @Test func `a model is asked as the protocol has it, and says something`() throws {
    let server = try ModelServer(.says("hello yourself"))
    #expect(try model(server).answer(to: prompt()) == "hello yourself")
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /v1/chat/completions HTTP/1.1")
    #expect(request.fields["authorization"] == "Bearer \(Self.key)")
    #expect(request.fields["host"]?.hasPrefix("127.0.0.1:") == true)
    #expect(request.body?["model"] == "small")
    #expect(request.body?["response_format"]?["type"] == "json_object")
    #expect(request.message("system") == "Say something.")
    #expect(request.data?["text"] == "hello")
    #expect(server.requests.count == 1)
  }

  @Test func `a reply in chunks, after a 100, is read as one`() throws {
    let body = ModelServer.completion(of: "in pieces")
    let chunks = stride(from: 0, to: body.utf8.count, by: 7).map { start in
      let part = String(decoding: Array(body.utf8).dropFirst(start).prefix(7), as: UTF8.self)
      return "\(String(part.utf8.count, radix: 16));x=1\r\n\(part)\r\n"
    }
    let server = try ModelServer(
      .bytes(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          + chunks.joined() + "0\r\nX-Trailer: 1\r\n\r\n"))
    #expect(try model(server).answer(to: prompt()) == "in pieces")
    let untilEnd = try ModelServer(.bytes("HTTP/1.0 200 OK\r\n\r\n" + body))
    #expect(try model(untilEnd).answer(to: prompt()) == "in pieces")
  }

  @Test func `what passes is tried again, and not more often than was said`() throws {
    for reply in [ModelServer.Reply.status(500), .status(429), .status(503), .reset] {
      let server = try ModelServer { _, number in number < 2 ? reply : .says("third time") }
      #expect(try model(server).answer(to: prompt()) == "third time")
      let stubborn = try ModelServer(reply)
      let failure = try failure { _ = try model(stubborn).answer(to: prompt()) }
      #expect([.failed, .overloaded, .unreachable].contains(failure.code))
      #expect(stubborn.requests.count == 3)
    }
  }

  @Test func `a server that asks for patience gets it, or is given up`() throws {
    let server = try ModelServer { _, number in
      number == 0 ? .status(429, ["Retry-After": "1"]) : .says("now")
    }
    let start = ContinuousClock.now
    #expect(try model(server).answer(to: prompt()) == "now")
    #expect(ContinuousClock.now - start >= .seconds(1))
    // By date: the wait is to the second that it names.
    let dated = try ModelServer { _, number in
      let formatter = DateFormatter()
      formatter.locale = Locale(identifier: "en_US_POSIX")
      formatter.timeZone = TimeZone(identifier: "GMT")
      formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      return number == 0
        ? .status(503, ["retry-after": formatter.string(from: Date().addingTimeInterval(2))])
        : .says("then")
    }
    let later = ContinuousClock.now
    #expect(try model(dated).answer(to: prompt()) == "then")
    #expect(ContinuousClock.now - later >= .milliseconds(900))
    // More than there is time for: told at once, with when.
    let busy = try ModelServer(.status(429, ["Retry-After": "3600"]))
    let failure = try failure { _ = try model(busy).answer(to: prompt()) }
    #expect(failure.code == .overloaded && failure.retryAfter == .seconds(3600))
    #expect(busy.requests.count == 1)
    let error = failure.error("Nothing was stored.") as? ServiceError
    #expect(error?.code == .unavailable && error?.retryAfterMilliseconds == 3_600_000)
  }

  @Test(arguments: [ModelServer.Reply.silence, .drip])
  func `what never ends is given up in time`(reply: ModelServer.Reply) throws {
    let server = try ModelServer(reply)
    defer { server.stop() }
    let failure = try failure {
      _ = try model(server, patience: .milliseconds(300)).answer(to: prompt())
    }
    #expect(failure.code == .timedOut && server.requests.count == 1)
  }

  @Test func `a body without end is not read to the end`() throws {
    let server = try ModelServer(.flood)
    let failure = try failure { _ = try model(server).answer(to: prompt()) }
    #expect(failure.code == .malformed && server.requests.count == 1)
    let boastful = try ModelServer(
      .bytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{"))
    #expect(try self.failure { _ = try model(boastful).answer(to: prompt()) }.code == .malformed)
  }

  @Test(arguments: [
    "{\"choices\": [{\"mess", "[]", "{}", "{\"choices\": []}", "{\"choices\": 7}",
    "{\"choices\": [{\"message\": {\"content\": 7}}]}",
    "{\"choices\": [{\"message\": {\"content\": null}}]}",
    "{\"choices\": [{\"message\": {\"content\": \" \"}}]}", "", "<html>",
    ModelServer.completion(of: "{\"half", finish: "length"),
  ])
  func `what is no answer is refused`(body: String) throws {
    let server = try ModelServer(.status(200, [:], body))
    let failure = try failure { _ = try model(server).answer(to: prompt()) }
    #expect(failure.code == .malformed && server.requests.count == 1)
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 200 OK\r\nContent-",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
  ])
  func `a connection that ends too early is no reply`(bytes: String) throws {
    let server = try ModelServer(.bytes(bytes))
    let failure = try failure { _ = try model(server, attempts: 1).answer(to: prompt()) }
    #expect(failure.code == .unreachable)
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
  ])
  func `what is not HTTP is refused`(bytes: String) throws {
    let server = try ModelServer(.bytes(bytes))
    let failure = try failure { _ = try model(server).answer(to: prompt()) }
    #expect(failure.code == .malformed && server.requests.count == 1)
  }

  @Test func `a refusal is final, and what the server says with it stays unsaid`() throws {
    for status in [401, 403, 404, 307, 402] {
      let server = try ModelServer(
        .status(status, ["Location": "http://127.0.0.1:1/"], "Incorrect API key: \(Self.key)"))
      let failure = try failure { _ = try model(server).answer(to: prompt()) }
      #expect(failure.code == .refused && server.requests.count == 1)
    }
  }

  @Test func `a model that takes no wishes is asked without them`() throws {
    let server = try ModelServer { request, _ in
      request.body?["response_format"] == nil && request.body?["temperature"] == nil
        ? .says("plain") : .status(400)
    }
    #expect(try model(server, attempts: 1).answer(to: prompt()) == "plain")
    #expect(server.requests.count == 2)
    let deaf = try ModelServer(.status(400))
    #expect(try failure { _ = try model(deaf).answer(to: prompt()) }.code == .unfit)
    #expect(deaf.requests.count == 2)
  }

  @Test func `a host that is not there, and a port where nobody listens`() throws {
    let closed = try ModelServer(.reset)
    for url in ["http://no-such-host.invalid/v1", "http://127.0.0.1:1/v1"] {
      var rules = ChatModel.Rules(address: try RemoteAddress(url), model: "x", key: nil)
      rules.attempts = 1
      let failure = try failure { _ = try ChatModel(rules).answer(to: prompt()) }
      #expect(failure.code == .unreachable)
    }
    #expect(closed.requests.isEmpty)
  }

  @Test func `who no longer waits holds nothing up`() throws {
    let server = try ModelServer(.silence)
    defer { server.stop() }
    let start = ContinuousClock.now
    let failure = try failure {
      try Interest.depends(on: { ContinuousClock.now - start > .milliseconds(200) }) {
        _ = try model(server, patience: .seconds(600)).answer(to: prompt())
      }
    }
    #expect(failure.code == .abandoned && failure.error("x") is CancellationError)
  }

  @Test func `a probe asks for the models there are, and nothing of them`() throws {
    let server = try ModelServer(.status(200, [:], "{\"data\": []}"))
    try model(server).probe()
    #expect(server.requests.map(\.line) == ["GET /v1/models HTTP/1.1"])
    #expect(throws: ModelFailure.self) { try model(ModelServer(.status(401))).probe() }
    try model(ModelServer(.status(404))).probe()
  }

  @Test func `a secret cannot be printed`() {
    let secret = Secret(Self.key)
    var dumped = ""
    dump(secret, to: &dumped)
    dump([1: secret], to: &dumped)
    for text in ["\(secret)", "\(Optional(secret) as Any)", String(reflecting: secret), dumped] {
      #expect(!text.contains(Self.key))
    }
  }
}
