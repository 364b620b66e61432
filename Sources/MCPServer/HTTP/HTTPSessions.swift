internal import Records
internal import Synchronization

/// A client of the handshake era: what it has subscribed to, and the stream on which it is told.
final class HTTPSession: Sendable {
  let id: String
  let credential: String
  let connection: Connection
  fileprivate let stream: StreamSlot

  init(_ server: ProtocolServer, id: String, credential: String) {
    let stream = StreamSlot()
    self.id = id
    self.credential = credential
    self.stream = stream
    connection = Connection(server, push: stream.send)
  }

  /// Opens the stream; the one before it ends, since a client that comes back has lost it.
  func open(_ channel: EventChannel) { stream.replace(by: channel) }

  func close() {
    connection.cancelAll()
    stream.replace(by: nil)
  }
}

/// The stream of a session, if its client has opened one.
private final class StreamSlot: Sendable {
  private let channel = Mutex<EventChannel?>(nil)

  @Sendable func send(_ message: JSONValue) { channel.withLock { $0 }?.send(message) }

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
  private struct Entry {
    let session: HTTPSession
    var used: ContinuousClock.Instant
  }

  private let entries = Mutex<[String: Entry]>([:])

  /// A session without a request for so long has been left.
  private static let patience = Duration.seconds(30 * 60)
  /// How many sessions there are; whoever opens one more ends the one that was used least lately, of
  /// those with the same credential where there are any.
  private let limit: Int

  init(limit: Int = 10_000) { self.limit = limit }

  var count: Int { entries.withLock { $0.count } }

  /// Opens a session.
  func open(_ server: ProtocolServer, credential: String) -> HTTPSession {
    let session = HTTPSession(server, id: Self.makeID(), credential: credential)
    let now = ContinuousClock.now
    let left = entries.withLock { entries -> [HTTPSession] in
      var left: [HTTPSession] = []
      if entries.count >= limit || entries.count % 64 == 63 {
        left = entries.values.filter { now - $0.used > Self.patience }.map(\.session)
        if left.isEmpty, entries.count >= limit {
          let own = entries.values.filter { $0.session.credential == credential }
          let oldest = (own.isEmpty ? Array(entries.values) : own).min { $0.used < $1.used }
          left = [oldest?.session].compactMap { $0 }
        }
        for session in left { entries[session.id] = nil }
      }
      entries[session.id] = Entry(session: session, used: now)
      return left
    }
    for session in left { session.close() }
    return session
  }

  /// The session with this id; another credential's is as unknown as one that never was.
  func session(_ id: String, credential: String) -> HTTPSession? {
    let now = ContinuousClock.now
    return entries.withLock { entries in
      guard var entry = entries[id], entry.session.credential == credential else { return nil }
      entry.used = now
      entries[id] = entry
      return entry.session
    }
  }

  func end(_ session: HTTPSession) {
    entries.withLock { $0[session.id] = nil }
    session.close()
  }

  func endAll() {
    let all = entries.withLock { entries in
      defer { entries = [:] }
      return entries.values.map(\.session)
    }
    for session in all { session.close() }
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
