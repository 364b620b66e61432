internal import Dispatch
internal import Foundation
internal import HTTPTypes
internal import HummingbirdCore
package import Logging
package import MCPServer
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Serves an endpoint on a socket.
package final class HTTPListener: Sendable {
  let endpoint: HTTPEndpoint
  private let host: String
  private let port: Int
  private let logger: Logger
  private let readers = WorkPool(
    limit: concurrentReads, whileQuick: max(2, ProcessInfo.processInfo.activeProcessorCount))
  private let writers = WorkPool(limit: concurrentWrites)
  private let connections = OpenConnections()
  private let stop = AsyncStream<Void>.makeStream()
  private let isEnding = Atomic(false)

  /// The socket closed without having been told to.
  struct Closed: Error, CustomStringConvertible {
    var description: String { "no more connections can be accepted" }
  }

  /// How many answers are made at once that write nothing: as many as the store reads at once.
  package static let concurrentReads = 8
  /// How many others; they mostly wait for one another, and keep no reader waiting.
  package static let concurrentWrites = 24
  /// A connection on which nothing is asked, or a request that does not go on, is closed after this.
  static let patience = Duration.seconds(75)
  /// How long work in flight may take once the server is to end.
  static let lastWork = Duration.seconds(10)
  /// How long clients may take to read their answers after that.
  private static let lastWrites = Duration.seconds(2)
  /// What takes longer to arrive than this leaves time for its sender to be locked out.
  private static let promptness = Duration.milliseconds(100)
  /// Bytes of a body that are read on the connection's own thread.
  private static let longestQuickBody = 65_536

  package init(_ endpoint: HTTPEndpoint, host: String, port: Int, logger: Logger) {
    self.endpoint = endpoint
    self.host = host
    self.port = port
    self.logger = logger
  }

  /// Makes `run` end: no new connections, work in flight to its answer, then return. For any thread.
  package func end() {
    isEnding.store(true, ordering: .releasing)
    stop.continuation.finish()
  }

  /// Serves until `end`.
  ///
  /// - Throws: when it cannot begin, and when connections can be accepted no more.
  /// - Parameter isReady: told the port, which the system has chosen when 0 was asked for.
  package func run(isReady: @escaping @Sendable (Int) -> Void) async throws {
    let connections = connections
    let server = Server(
      childChannelSetup: LoopChannel(
        HTTP1Channel(
          responder: { [self] request, writer, channel in
            try await answer(request, writer, channel)
          },
          configuration: .init(
            additionalChannelHandlers: [ConnectionWatcher(connections)],
            idleTimeout: .init(Self.patience),
            httpDecoderConfiguration: .init(
              maxHeaderFieldSize: 32_768, maxHeaderListSize: 65_536, maxHeaderFieldCount: 100)))),
      configuration: .init(
        address: .hostname(host, port: port), backlog: 1_024,
        availableConnectionsDelegate: MaximumAvailableConnections(Descriptors.connectionLimit())),
      onServerRunning: { [stop] channel in
        channel.closeFuture.whenComplete { _ in stop.continuation.finish() }
        isReady(channel.localAddress?.port ?? 0)
      },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Self.quiet(logger))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask { [self] in
        for await _ in stop.stream {}
        try await finish(server)
      }
      // The server ends by itself only when it cannot begin.
      defer { group.cancelAll() }
      try await group.next()
      try await group.next()
    }
    guard isEnding.load(ordering: .acquiring) else { throw Closed() }
  }

  /// Lets what is under way come to its answer, and the answers to their readers, but not for ever.
  private func finish(_ server: Server<LoopChannel>) async throws {
    endpoint.endStreams()
    let last = Task { [endpoint, connections] in
      try await Task.sleep(for: Self.lastWork)
      endpoint.cancelAll()
      try await Task.sleep(for: Self.lastWrites)
      connections.closeAll()
    }
    defer { last.cancel() }
    try await server.shutdownGracefully()
    // Also what nobody waits for any more is to be stored before the store closes.
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [readers, writers] in
        let deadline = DispatchTime.now() + .seconds(Int(Self.lastWork.components.seconds))
        _ = readers.waitUntilIdle(until: deadline)
        _ = writers.waitUntilIdle(until: deadline)
        continuation.resume()
      }
    }
  }

  /// What happens to single connections is not worth a line of the log.
  private static func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    return logger
  }

  // MARK: One request

  private func answer(
    _ request: HummingbirdCore.Request, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    let head = HTTPHead(request.head)
    switch await endpoint.screen(head) {
    case .reply(let reply):
      try await Self.write(reply, to: writer, isHead: head.method == "HEAD")
      // What else the client sends is not read for ever.
      try await discard(request.body)
    case .stream(let stream):
      try await discard(request.body)
      connections.onEnd(of: channel) { stream.channel.finish() }
      defer { connections.forget(channel) }
      try await write(stream, head, to: writer)
    case .accepted(let identity):
      let began = ContinuousClock.now
      let body: [UInt8]
      do {
        body = try await self.body(of: request)
      } catch let refusal as BodyRefusal {
        try await Self.write(refusal.reply, to: writer)
        throw refusal
      }
      if ContinuousClock.now - began > Self.promptness,
        case .reply(let reply) = await endpoint.screen(head)
      {
        return try await Self.write(reply, to: writer)
      }
      // A long body takes long to read; this thread serves other connections too.
      let outcome =
        body.count <= Self.longestQuickBody
        ? endpoint.receive(head, body, from: identity)
        : await writers.result { [endpoint] in endpoint.receive(head, body, from: identity) }
      switch outcome {
      case .reply(let reply): try await Self.write(reply, to: writer)
      case .work(let work): try await perform(work, head, identity, channel, writer)
      }
    }
  }

  private func perform(
    _ work: HTTPWork, _ head: HTTPHead, _ identity: Identity, _ channel: any Channel,
    _ writer: consuming ResponseWriter
  ) async throws {
    defer { work.end() }
    if work.isQuick && work.channel == nil {
      guard let reply = work.reply() else { throw CancellationError() }
      return try await Self.write(endpoint.withOrigin(reply, head), to: writer)
    }
    let pool = work.isReading ? readers : writers
    let watched = work.isTiedToConnection
    if watched { connections.onEnd(of: channel) { work.cancel() } }
    defer { if watched { connections.forget(channel) } }
    guard let events = work.channel else {
      guard let reply = await pool.result(of: { work.reply() }) else { throw CancellationError() }
      return try await Self.write(endpoint.withOrigin(reply, head), to: writer)
    }
    pool.run { work.stream() }
    try await write(firstOf: events, head, identity, to: writer)
  }

  /// JSON when the answer comes first, a stream of events when something comes before it.
  private func write(
    firstOf events: EventChannel, _ head: HTTPHead, _ identity: Identity,
    to writer: consuming ResponseWriter
  ) async throws {
    var iterator = events.items.makeAsyncIterator()
    let first = await iterator.next()
    guard case .message(let message) = first else {
      guard case .answer(let reply?) = first else { throw CancellationError() }
      return try await Self.write(endpoint.withOrigin(reply, head), to: writer)
    }
    var body = try await writer.writeHead(eventHead(head))
    try await body.write(ByteBuffer(bytes: EventText.event(message)))
    try await write(events, head, identity, to: &body)
    try await body.finish(nil)
  }

  // MARK: Streams

  private func eventHead(_ head: HTTPHead) -> HTTPResponse {
    HTTPResponse(200, EventText.fields + endpoint.originFields(head))
  }

  private func write(
    _ stream: EventStream, _ head: HTTPHead, to writer: consuming ResponseWriter
  ) async throws {
    var body = try await writer.writeHead(eventHead(head))
    try await body.write(ByteBuffer(bytes: EventText.keepAlive))
    try await write(stream.channel, head, stream.identity, to: &body)
    try await body.finish(nil)
  }

  /// Writes what comes until nothing more does, and keeps the connection alive meanwhile.
  private func write(
    _ events: EventChannel, _ head: HTTPHead, _ identity: Identity,
    to body: inout some ResponseBodyWriter
  ) async throws {
    let keeper = Task { [endpoint] in
      var seconds = 0
      while true {
        try await Task.sleep(for: .seconds(1))
        seconds += 1
        // Credentials that are not accepted any more end what they have opened.
        guard await endpoint.isStillValid(head, identity) else { return events.finish() }
        if seconds % 15 == 0 { events.keepAlive() }
      }
    }
    defer { keeper.cancel() }
    for await item in events.items {
      switch item {
      case .message(let message):
        try await body.write(ByteBuffer(bytes: EventText.event(message)))
      case .keepAlive: try await body.write(ByteBuffer(bytes: EventText.keepAlive))
      case .answer(let reply):
        // The last event: of a reply its body.
        if let reply { try await body.write(ByteBuffer(bytes: EventText.event(reply.body))) }
      }
    }
  }
}
