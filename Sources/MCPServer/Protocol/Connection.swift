package import Records
internal import Synchronization

/// One client's exchange of messages: which requests are in flight, and which of them it gave up.
package final class Connection: Sendable {
  private let server: ProtocolServer
  private let inFlight = Mutex<[RequestID: Cancellation]>([:])

  package init(_ server: ProtocolServer) {
    self.server = server
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
      inFlight.withLock { $0[request.id] = cancellation }
      return PendingAnswer(isQuick: request.method != "tools/call") { [self] in
        // Cancelled while it waited for its turn: it need not even begin.
        if !cancellation.isCancelled {
          let response = server.answer(
            request, as: era, cancellation: cancellation, notify: notify)
          if finish(request.id, cancellation) { return response }
        } else {
          _ = finish(request.id, cancellation)
        }
        return nil
      }
    case .malformed(let response): return PendingAnswer(isQuick: true) { response }
    case .notice(let notice):
      if notice.method == "notifications/cancelled" { cancel(notice.params["requestId"]) }
      return nil
    case .response: return nil
    }
  }

  /// The answer to a message, made on the calling thread; nil when there is none to give.
  package func answer(_ message: Message, as era: Era? = nil) -> Response? {
    receive(message, as: era)?.response()
  }

  /// Gives up every request in flight.
  package func cancelAll() {
    inFlight.withLock { requests in
      for cancellation in requests.values { cancellation.cancel() }
    }
  }

  private func cancel(_ id: JSONValue?) {
    guard let id = id.flatMap(RequestID.init) else { return }
    inFlight.withLock { $0[id]?.cancel() }
  }

  /// Forgets a request and says whether its answer is still wanted.
  private func finish(_ id: RequestID, _ cancellation: Cancellation) -> Bool {
    inFlight.withLock { requests in
      // A client that uses an id twice at once has replaced the first by the second.
      if requests[id] === cancellation { requests[id] = nil }
      return !cancellation.isCancelled
    }
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

  /// Makes the answer, once; nil when the request was cancelled meanwhile.
  package func response() -> Response? { make() }
}
