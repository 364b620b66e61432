package import Records
internal import Synchronization

/// One client's exchange of messages: which requests are in flight, which of them it gave up, and
/// what it has subscribed to.
package final class Connection: Sendable {
  /// What is under way.
  private struct State {
    var inFlight: [RequestID: Cancellation] = [:]
    /// Modern subscriptions: their tickets, and how to say that they end.
    var listening: [RequestID: (ticket: Int, end: @Sendable () -> Void)] = [:]
    /// The handshake era's, by address.
    var subscribed: [String: Int] = [:]
    var listTicket: Int?
    var isClosed = false

    mutating func takeTickets() -> [Int] {
      let tickets =
        listening.values.map(\.ticket) + subscribed.values + [listTicket].compactMap { $0 }
      listening = [:]
      subscribed = [:]
      listTicket = nil
      return tickets
    }
  }

  private let server: ProtocolServer
  private let push: @Sendable (JSONValue) -> Void
  private let state = Mutex(State())

  /// - Parameter push: takes what the client is told without having asked, in the handshake era.
  package init(
    _ server: ProtocolServer, push: @escaping @Sendable (JSONValue) -> Void = { _ in }
  ) {
    self.server = server
    self.push = push
  }

  /// Takes note of a message, in the order of arrival; the answer may be made on another thread.
  ///
  /// - Parameter era: what the transport knows of the way this message talks; nil leaves it to the
  ///   message.
  /// - Parameter notify: takes the notifications that come before the answer.
  /// - Returns: nil when nothing is to be answered.
  package func receive(
    _ message: Message, as era: Era? = nil,
    notify: @escaping @Sendable (JSONValue) -> Void = { _ in }
  ) -> PendingAnswer? {
    switch message {
    case .request(let request):
      let cancellation = Cancellation()
      state.withLock { $0.inFlight[request.id] = cancellation }
      let own = subscribing(request, era ?? Era(of: request), cancellation, notify)
      return PendingAnswer(isQuick: own == nil && ProtocolServer.isQuick(request.method)) {
        [self] in
        // Cancelled while it waited for its turn: it need not even begin.
        guard !cancellation.isCancelled else {
          _ = finish(request.id, cancellation)
          return nil
        }
        let response =
          own.map { $0() }
          ?? server.answer(request, as: era, cancellation: cancellation, notify: notify)
        return finish(request.id, cancellation) ? response : nil
      }
    case .malformed(let response): return PendingAnswer(isQuick: true) { response }
    case .notice(let notice):
      switch notice.method {
      case "notifications/cancelled": cancel(notice.params["requestId"])
      case "notifications/initialized": watchList()
      default: break
      }
      return nil
    case .response: return nil
    }
  }

  /// Whether a request writes nothing.
  ///
  /// Whether a store is healthy is found out by writing to it, although that needs no leave to write.
  func isReading(_ request: Request) -> Bool {
    !server.needs(of: request).contains(.write)
      && request.params["name"]?.string != HealthCheck.name
      && request.params["uri"]?.string != ResourceAddress.health.uri
  }

  /// The answer to a message, made on the calling thread; nil when there is none to give.
  package func answer(_ message: Message, as era: Era? = nil) -> Response? {
    receive(message, as: era)?.response()
  }

  /// Gives up every request in flight and every subscription, without a word.
  package func cancelAll() {
    let tickets = state.withLock { state in
      for cancellation in state.inFlight.values { cancellation.cancel() }
      state.isClosed = true
      return state.takeTickets()
    }
    for ticket in tickets { server.watch?.remove(ticket) }
  }

  /// Ends every subscription, and says so to those who can be told.
  package func endSubscriptions() {
    let (ends, tickets) = state.withLock { state in
      (state.listening.values.map(\.end), state.takeTickets())
    }
    for ticket in tickets { server.watch?.remove(ticket) }
    for end in ends { end() }
  }

  private func cancel(_ id: JSONValue?) {
    guard let id = id.flatMap(RequestID.init) else { return }
    let ticket = state.withLock { state in
      state.inFlight[id]?.cancel()
      return state.listening.removeValue(forKey: id)?.ticket
    }
    if let ticket { server.watch?.remove(ticket) }
  }

  /// Forgets a request and says whether its answer is still wanted.
  private func finish(_ id: RequestID, _ cancellation: Cancellation) -> Bool {
    state.withLock { state in
      // A client that uses an id twice at once has replaced the first by the second.
      if state.inFlight[id] === cancellation { state.inFlight[id] = nil }
      return !cancellation.isCancelled
    }
  }
}

// MARK: - Subscriptions

extension Connection {
  /// How many addresses a connection of the handshake era may subscribe to.
  private static let addressLimit = 1_000

  /// What answers a request about subscriptions; nil for any other.
  private func subscribing(
    _ request: Request, _ era: Era, _ cancellation: Cancellation,
    _ notify: @escaping @Sendable (JSONValue) -> Void
  ) -> (@Sendable () -> Response?)? {
    guard let watch = server.watch else { return nil }
    return switch (era, request.method) {
    case (.modern, "subscriptions/listen"):
      { [self] in
        respond(request) { () throws(ProtocolError) in
          try listen(request, watch, cancellation, notify)
          return nil
        }
      }
    case (.handshake, "resources/subscribe"):
      { [self] in
        respond(request) { () throws(ProtocolError) in
          try subscribe(request, watch)
          return [:]
        }
      }
    case (.handshake, "resources/unsubscribe"):
      { [self] in
        respond(request) { () throws(ProtocolError) in
          try unsubscribe(request, watch)
          return [:]
        }
      }
    default: nil
    }
  }

  private func respond(
    _ request: Request, _ body: () throws(ProtocolError) -> [String: JSONValue]?
  ) -> Response? {
    do throws(ProtocolError) {
      return try body().map { Response(request.id, result: $0) }
    } catch {
      return Response(request.id, error)
    }
  }

  /// Begins a modern subscription, which is answered when it ends.
  private func listen(
    _ request: Request, _ watch: ResourceWatch, _ cancellation: Cancellation,
    _ notify: @escaping @Sendable (JSONValue) -> Void
  ) throws(ProtocolError) {
    try Envelope.check(request.params)
    guard let wanted = request.params["notifications"]?.object else {
      throw .invalidParams("params.notifications must be an object.")
    }
    let uris = (wanted["resourceSubscriptions"]?.array ?? []).compactMap(\.string)
    guard uris.count <= ResourceWatch.addressLimit else {
      throw .invalidParams(
        "A subscription names at most \(ResourceWatch.addressLimit) resources.")
    }
    let list = wanted["resourcesListChanged"] == true
    let baseline = watch.baseline(of: uris, list: list, for: server.caller)
    let mark = [Envelope.prefix + "subscriptionId": request.id.json]
    notify(
      Self.acknowledgement(
        list: list, asked: wanted["resourceSubscriptions"] == nil ? nil : uris, baseline, mark))
    let ticket = watch.add(baseline, list: list, for: server.caller) { change in
      notify(change.notification(meta: mark))
    }
    let stamp = server.info.stamp
    let end: @Sendable () -> Void = {
      var meta = mark
      meta[Envelope.prefix + "serverInfo"] = stamp
      notify(
        Response(request.id, result: ["resultType": "complete", "_meta": .object(meta)]).json)
    }
    let superfluous = state.withLock { state -> Int? in
      // Given up while it was being made.
      if cancellation.isCancelled || state.isClosed { return ticket }
      return state.listening.updateValue((ticket, end), forKey: request.id)?.ticket
    }
    if let superfluous { watch.remove(superfluous) }
  }

  /// The first message of a subscription: what of the wishes is granted.
  private static func acknowledgement(
    list: Bool, asked: [String]?, _ baseline: ResourceWatch.Baseline, _ mark: [String: JSONValue]
  ) -> JSONValue {
    var granted: [String: JSONValue] = [:]
    if list { granted["resourcesListChanged"] = true }
    if let asked {
      granted["resourceSubscriptions"] = .array(
        asked.filter { baseline.contents[$0] != nil }.map(JSONValue.string))
    }
    return [
      "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
      "params": ["_meta": .object(mark), "notifications": .object(granted)],
    ]
  }

  private func subscribe(_ request: Request, _ watch: ResourceWatch) throws(ProtocolError) {
    let uri = try Self.uri(of: request)
    guard state.withLock({ $0.subscribed.count }) < Self.addressLimit else {
      throw .invalidParams("A client subscribes to at most \(Self.addressLimit) resources.")
    }
    let baseline = watch.baseline(of: [uri], list: false, for: server.caller)
    guard !baseline.contents.isEmpty else { throw .resourceNotFound(uri, .handshake) }
    let push = push
    let ticket = watch.add(baseline, list: false, for: server.caller) { change in
      push(change.notification())
    }
    let superfluous = state.withLock { state -> Int? in
      if state.isClosed { return ticket }
      return state.subscribed.updateValue(ticket, forKey: uri)
    }
    if let superfluous { watch.remove(superfluous) }
  }

  private func unsubscribe(_ request: Request, _ watch: ResourceWatch) throws(ProtocolError) {
    let uri = try Self.uri(of: request)
    let ticket = state.withLock { $0.subscribed.removeValue(forKey: uri) }
    if let ticket { watch.remove(ticket) }
  }

  private static func uri(of request: Request) throws(ProtocolError) -> String {
    guard let uri = request.params["uri"]?.string else {
      throw .invalidParams("params.uri must be a string.")
    }
    return uri
  }

  /// Tells a client that has shaken hands when the list of resources changes.
  private func watchList() {
    guard let watch = server.watch else { return }
    let push = push
    // Looked at for the first time by the watch itself: this thread may have others to serve.
    let ticket = watch.add(
      ResourceWatch.Baseline(contents: [:]), list: true, for: server.caller
    ) { change in push(change.notification()) }
    let superfluous = state.withLock { state -> Int? in
      if state.isClosed || state.listTicket != nil { return ticket }
      state.listTicket = ticket
      return nil
    }
    if let superfluous { watch.remove(superfluous) }
  }
}

extension ResourceWatch.Change {
  fileprivate func notification(meta: [String: JSONValue]? = nil) -> JSONValue {
    var params: [String: JSONValue] = [:]
    if let meta { params["_meta"] = .object(meta) }
    let method: JSONValue
    switch self {
    case .listChanged: method = "notifications/resources/list_changed"
    case .updated(let uri):
      method = "notifications/resources/updated"
      params["uri"] = .string(uri)
    }
    return ["jsonrpc": "2.0", "method": method, "params": .object(params)]
  }
}

/// An answer that is yet to be made.
package struct PendingAnswer: Sendable {
  /// Whether making it takes no longer than reading the message did; the rest may take any time.
  package let isQuick: Bool
  private let make: @Sendable () -> Response?

  init(isQuick: Bool, _ make: @escaping @Sendable () -> Response?) {
    self.isQuick = isQuick
    self.make = make
  }

  /// Makes the answer, once; nil when the request was cancelled meanwhile, or began a subscription,
  /// which is answered when it ends.
  package func response() -> Response? { make() }
}
