internal import Records

/// A model behind the chat completions of the OpenAI protocol, which most servers of models speak.
package struct ChatModel: AnswerModel {
  /// Where it is, and how long it is waited for.
  package struct Rules: Sendable {
    /// What `/chat/completions` and `/models` are appended to.
    package var address: RemoteAddress
    package var model: String
    package var key: Secret?
    /// How long connecting may take.
    package var connectPatience = Duration.seconds(10)
    /// How long an answer may take, all attempts and pauses together.
    package var patience = Duration.seconds(60)
    /// How often it is asked at most when something passing goes wrong.
    package var attempts = 3
    /// The most bytes of a reply.
    package var replyLimit = 4 << 20

    package init(address: RemoteAddress, model: String, key: Secret? = nil) {
      self.address = address
      self.model = model
      self.key = key
    }
  }

  private let rules: Rules
  private let pause: RetryPause

  package var name: String { rules.model }

  /// - Parameter random: a number from 0 up to 1, by which a pause is chosen.
  package init(
    _ rules: Rules, random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    self.rules = rules
    pause = RetryPause(random: random)
  }

  /// How long a probe may take.
  private static let probePatience = Duration.seconds(3)

  package func answer(to prompt: ModelPrompt) throws(ModelFailure) -> String {
    let deadline = ContinuousClock.now + rules.patience
    var isBare = false
    var attempt = 1
    while true {
      do throws(ModelFailure) {
        let reply = try ask(prompt, isBare: isBare, by: deadline)
        return try Self.content(of: reply.body)
      } catch {
        // Some models refuse the wish for JSON or a temperature; then they are asked without.
        if error.code == .unfit, !isBare {
          isBare = true
        } else {
          guard error.isPassing, attempt < rules.attempts else { throw error }
          try wait(after: attempt, error, until: deadline)
          attempt += 1
        }
      }
    }
  }

  package func probe() throws(ModelFailure) {
    let request = HTTPClient.Request(
      "GET", rules.address.appending("models"), fields: authorization)
    let reply = try exchange(request, by: .now + Self.probePatience)
    // Who offers no list of models may still answer.
    if reply.status != 404 { try Self.check(reply) }
  }

  /// Waits as long as the failure asks for, or of itself.
  ///
  /// - Throws: the failure, when that would be too long.
  private func wait(
    after attempt: Int, _ failure: ModelFailure, until deadline: ContinuousClock.Instant
  ) throws(ModelFailure) {
    let duration = pause.duration(after: attempt, asked: failure.retryAfter)
    guard ContinuousClock.now + duration < deadline else { throw failure }
    do throws(HTTPFault) {
      try Patience(until: deadline).pause(for: duration)
    } catch {
      throw ModelFailure(error)
    }
  }

  // MARK: One attempt

  private func ask(
    _ prompt: ModelPrompt, isBare: Bool, by deadline: ContinuousClock.Instant
  ) throws(ModelFailure) -> HTTPReply {
    var members: [String: JSONValue] = [
      "model": .string(rules.model),
      "messages": [
        ["role": "system", "content": .string(prompt.instructions)],
        ["role": "user", "content": .string(prompt.data.text)],
      ],
    ]
    if !isBare {
      members["temperature"] = 0
      members["response_format"] = ["type": "json_object"]
    }
    var writer = JSONTextWriter()
    do {
      try writer.write(.object(members))
    } catch {
      throw ModelFailure(.malformed, "cannot be told this")
    }
    let request = HTTPClient.Request(
      "POST", rules.address.appending("chat/completions"),
      fields: [("Content-Type", "application/json"), ("Accept", "application/json")]
        + authorization, body: writer.bytes)
    let reply = try exchange(request, by: deadline)
    try Self.check(reply)
    return reply
  }

  private var authorization: [(name: String, value: String)] {
    rules.key.map { [("Authorization", "Bearer \($0.revealed)")] } ?? []
  }

  private func exchange(
    _ request: HTTPClient.Request, by deadline: ContinuousClock.Instant
  ) throws(ModelFailure) -> HTTPReply {
    let client = HTTPClient(
      connectPatience: rules.connectPatience, bodyLimit: rules.replyLimit)
    do throws(HTTPFault) {
      return try client.reply(to: request, by: deadline)
    } catch {
      throw ModelFailure(error)
    }
  }

  // MARK: Replies

  /// What a status other than success means. The body stays unread: it may repeat what was sent.
  private static func check(_ reply: HTTPReply) throws(ModelFailure) {
    let status = reply.status
    let retryAfter = reply.fields["retry-after"].flatMap { RetryAfter.duration($0, now: .now()) }
    switch status {
    case 200..<300: return
    case 400, 422: throw ModelFailure(.unfit, "does not take such requests (status \(status))")
    case 401, 403: throw ModelFailure(.refused, "does not accept the key (status \(status))")
    case 404: throw ModelFailure(.refused, "is not there (status 404): look at its URL and name")
    case 300..<400: throw ModelFailure(.refused, "is somewhere else (status \(status))")
    case 408, 425: throw ModelFailure(.failed, "gave up (status \(status))", retryAfter: retryAfter)
    case 429:
      throw ModelFailure(.overloaded, "is asked too often (status 429)", retryAfter: retryAfter)
    case 500...:
      throw ModelFailure(.failed, "has failed (status \(status))", retryAfter: retryAfter)
    default: throw ModelFailure(.refused, "refuses (status \(status))")
    }
  }

  /// What the model says, of the document around it.
  private static func content(of body: [UInt8]) throws(ModelFailure) -> String {
    let document: JSONValue
    do {
      document = try JSONTextReader.value(of: body)
    } catch {
      throw ModelFailure(.malformed, "sent what is not JSON")
    }
    guard let choice = document["choices"]?.array?.first else {
      throw ModelFailure(.malformed, "sent a reply without an answer")
    }
    guard choice["finish_reason"]?.string != "length" else {
      throw ModelFailure(.malformed, "did not finish its answer")
    }
    guard let text = choice["message"]?["content"]?.string, !text.trimmed.isEmpty else {
      throw ModelFailure(.malformed, "sent an answer without words")
    }
    return text
  }
}

extension ModelFailure {
  /// What went wrong on the way to a model and back.
  init(_ fault: HTTPFault) {
    switch fault {
    case .unreachable(let reason): self.init(.unreachable, "cannot be reached: \(reason)")
    case .broken: self.init(.unreachable, "ended the connection too early")
    case .timedOut: self.init(.timedOut, "did not answer in time")
    case .insecure(let reason): self.init(.refused, "cannot be asked safely: \(reason)")
    case .malformed(let reason): self.init(.malformed, "sent what is not HTTP: \(reason)")
    case .tooLarge: self.init(.malformed, "sent more than is read of a reply")
    case .abandoned: self.init(.abandoned, "is no longer waited for")
    }
  }
}
