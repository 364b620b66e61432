internal import Records

/// A stream of events that a client has opened, and whose it is.
package struct EventStream: Sendable {
  package let channel: EventChannel
  package let identity: Identity

  package init(channel: EventChannel, identity: Identity) {
    self.channel = channel
    self.identity = identity
  }
}

/// A request whose answer is yet to be made.
package struct HTTPWork: Sendable {
  /// When the answer is a stream of events instead of JSON.
  package enum Streaming: Sendable {
    case never
    /// From the first notification on.
    case whenNotified
    case always
  }

  package let streaming: Streaming
  /// Whether the end of the connection gives the request up.
  package var isTiedToConnection: Bool { era == .modern }
  /// What is sent, when something is streamed.
  package let channel: EventChannel?
  /// Whether making the answer takes no longer than reading the request did.
  package var isQuick: Bool { pending.isQuick }
  /// Whether nothing is written, so that it waits for nobody who writes.
  package let isReading: Bool

  private let request: Request
  private let era: Era
  private let connection: Connection
  private let endpoint: HTTPEndpoint
  private let pending: PendingAnswer
  private let fields: [(name: String, value: String)]
  /// By what the endpoint knows it while it is under way.
  private let number: Int?

  init(
    _ request: Request, _ era: Era, _ connection: Connection, in endpoint: HTTPEndpoint,
    streams streaming: Streaming, fields: [(name: String, value: String)] = []
  ) {
    isReading = connection.isReading(request)
    self.request = request
    self.era = era
    self.connection = connection
    self.endpoint = endpoint
    self.streaming = streaming
    self.fields = fields
    let channel = streaming == .never ? nil : EventChannel()
    self.channel = channel
    // A request is always answered, or begins a subscription.
    pending =
      connection.receive(.request(request), as: era) { channel?.send($0) }
      ?? PendingAnswer(isQuick: true) { Response(request.id, .internalError) }
    number =
      pending.isQuick ? nil : endpoint.enter(connection, streaming == .always ? channel : nil)
  }

  /// Makes the answer, on a thread that may be blocked; nil when nobody wants it any more.
  package func reply() -> HTTPReply? {
    reply(to: pending.response())
  }

  /// Makes the answer and sends it into the channel after whatever comes before it.
  package func stream() {
    let response = pending.response()
    // The subscription is answered when it ends, by its connection.
    if response == nil, streaming == .always { return }
    channel?.answer(reply(to: response))
  }

  /// The answer as a reply; its text is made here, not by whoever sends it.
  private func reply(to response: Response?) -> HTTPReply? {
    guard let response = response ?? (era == .handshake ? cancelled : nil) else { return nil }
    var reply = HTTPReply(status(of: response), response)
    reply.fields += fields
    return reply
  }

  /// What a request of the handshake era is answered that was given up by a message of its own.
  private var cancelled: Response { Response(request.id, .cancelled) }

  private func status(of response: Response) -> Int {
    guard era == .modern, case .error(let error) = response.outcome else { return 200 }
    return switch error.code {
    case -32601: 404
    case -32700, -32600, -32602, -32020, -32021, -32022: 400
    default: 200
    }
  }

  /// Nobody waits any more.
  package func cancel() {
    guard era == .modern else { return }
    connection.cancelAll()
    if streaming == .always { channel?.finish() }
  }

  /// Nothing is under way any more.
  package func end() {
    if let number { endpoint.leave(number) }
    if era == .modern { connection.cancelAll() }
  }
}
