package import Records
internal import Synchronization

/// Messages on their way to a client that reads a stream of events.
///
/// A client that does not read for long loses its stream, not the server its memory.
package final class EventChannel: Sendable {
  /// What comes out.
  package enum Item: Sendable {
    /// A message before the answer.
    case message([UInt8])
    /// The answer, its text made where it was sent; nil when there is none to give. Nothing comes after
    /// it.
    case answer(HTTPReply?)
    case keepAlive
  }

  package let items: AsyncStream<Item>
  private let continuation: AsyncStream<Item>.Continuation
  private let hasEnded = Atomic(false)

  private static let limit = 1_024

  package init() {
    (items, continuation) = AsyncStream.makeStream(
      of: Item.self, bufferingPolicy: .bufferingOldest(Self.limit))
  }

  /// Sends a message; one without a JSON form is left out.
  package func send(_ message: JSONValue) {
    guard let bytes = try? JSON.bytes(message) else { return }
    yield(.message(bytes))
  }

  package func answer(_ reply: HTTPReply?) {
    yield(.answer(reply))
    finish()
  }

  /// Whether something may still come.
  var isOpen: Bool { !hasEnded.load(ordering: .acquiring) }

  package func keepAlive() { yield(.keepAlive) }

  /// Ends the stream.
  package func finish() {
    hasEnded.store(true, ordering: .releasing)
    continuation.finish()
  }

  private func yield(_ item: Item) {
    if case .dropped = continuation.yield(item) { finish() }
  }
}
