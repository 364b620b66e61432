internal import Records
internal import Synchronization

/// A client of the handshake era: what it has subscribed to, and the stream on which it is told.
final class HTTPSession: Sendable {
  let id: String
  let identity: Identity
  let connection: Connection
  fileprivate let stream: StreamSlot

  init(_ server: ProtocolServer, id: String, identity: Identity) {
    let stream = StreamSlot()
    self.id = id
    self.identity = identity
    self.stream = stream
    connection = Connection(server, push: stream.send)
  }

  /// Opens the stream; the one before it ends, since a client that comes back has lost it.
  func open(_ channel: EventChannel) { stream.replace(by: channel) }

  /// Whether its client listens.
  var isHeard: Bool { stream.isOpen }

  /// Gives up whatever is under way.
  func close() {
    connection.cancelAll()
    stream.replace(by: nil)
  }

  /// Ends what the client is told unasked; its requests go on.
  func endStream() {
    connection.endSubscriptions()
    stream.replace(by: nil)
  }
}

/// The stream of a session, if its client has opened one.
private final class StreamSlot: Sendable {
  private let channel = Mutex<EventChannel?>(nil)

  @Sendable func send(_ message: JSONValue) { channel.withLock { $0 }?.send(message) }

  var isOpen: Bool { channel.withLock { $0?.isOpen ?? false } }

  func replace(by next: EventChannel?) {
    let previous = channel.withLock { channel in
      let previous = channel
      channel = next
      return previous
    }
    previous?.finish()
  }
}

/// The sessions of the handshake era, by id. They hold nothing that a client could not ask for again.
final class HTTPSessions: Sendable {
  fileprivate struct State {
    var entries: [String: Entry] = [:]
    /// How many sessions each credential has.
    var counts: [String: Int] = [:]
    var swept = ContinuousClock.now
  }

  fileprivate struct Entry {
    let session: HTTPSession
    var used: ContinuousClock.Instant
  }

  private let state = Mutex(State())

  /// A session without a request and without a stream for so long has been left.
  private static let patience = Duration.seconds(30 * 60)
  /// How often those are looked for.
  private static let pause = Duration.seconds(60)
  /// How many sessions there are; whoever opens one more ends one of the credential that has most.
  private let limit: Int
  /// How many of them a credential has; one more ends its own that was used least lately.
  private let share: Int

  init(limit: Int = 10_000, share: Int = 1_000) {
    self.limit = limit
    self.share = share
  }

  /// Opens a session.
  func open(_ server: ProtocolServer, _ identity: Identity) -> HTTPSession {
    let session = HTTPSession(server, id: Self.makeID(), identity: identity)
    let now = ContinuousClock.now
    let left = state.withLock { state -> [HTTPSession] in
      var left = state.sweep(now, every: Self.pause, patience: Self.patience)
      if state.counts[identity.credential, default: 0] >= share {
        left += state.removeOldest(of: identity.credential)
      } else if state.entries.count >= limit,
        let most = state.counts.max(by: { $0.value < $1.value })
      {
        left += state.removeOldest(of: most.key)
      }
      state.entries[session.id] = Entry(session: session, used: now)
      state.counts[identity.credential, default: 0] += 1
      return left
    }
    for session in left { session.close() }
    return session
  }

  /// The session with this id, for the identity that opened it; to any other it is as unknown as one
  /// that never was, even where a token of the same user allows more or less.
  func session(_ id: String, _ identity: Identity) -> HTTPSession? {
    let now = ContinuousClock.now
    let (left, found) = state.withLock { state -> ([HTTPSession], HTTPSession?) in
      var found: HTTPSession?
      if let entry = state.entries[id], entry.session.identity == identity {
        state.entries[id]?.used = now
        found = entry.session
      }
      return (state.sweep(now, every: Self.pause, patience: Self.patience), found)
    }
    for session in left { session.close() }
    return found
  }

  func end(_ session: HTTPSession) {
    state.withLock { $0.remove(session) }
    session.close()
  }

  /// Ends every session; what is under way in them goes on to its answer.
  func endAll() {
    let all = state.withLock { state in
      defer { state = State() }
      return state.entries.values.map(\.session)
    }
    for session in all { session.endStream() }
  }

  /// 32 hexadecimal digits that nobody guesses.
  private static func makeID() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

extension HTTPSessions.State {
  fileprivate mutating func remove(_ session: HTTPSession) {
    guard entries.removeValue(forKey: session.id) != nil else { return }
    let credential = session.identity.credential
    let rest = counts[credential, default: 1] - 1
    counts[credential] = rest > 0 ? rest : nil
  }

  /// Removes the session that was used least lately, of those of a credential.
  fileprivate mutating func removeOldest(of credential: String) -> [HTTPSession] {
    let own = entries.values.filter { $0.session.identity.credential == credential }
    guard let oldest = own.min(by: { $0.used < $1.used })?.session else { return [] }
    remove(oldest)
    return [oldest]
  }

  /// Removes what was left, when it was not looked for lately; who listens has not left.
  fileprivate mutating func sweep(
    _ now: ContinuousClock.Instant, every pause: Duration, patience: Duration
  ) -> [HTTPSession] {
    guard now - swept > pause else { return [] }
    swept = now
    for (id, entry) in entries where entry.session.isHeard { entries[id]?.used = now }
    let left = entries.values.filter { now - $0.used > patience }.map(\.session)
    for session in left { remove(session) }
    return left
  }
}
