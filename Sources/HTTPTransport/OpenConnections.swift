internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// The connections, and who wants to know when one ends.
final class OpenConnections: Sendable {
  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])
  private let ends = Mutex<[ObjectIdentifier: @Sendable () -> Void]>([:])

  /// Does something when the connection ends before it is forgotten; at once when it has.
  func onEnd(of channel: any Channel, _ body: @escaping @Sendable () -> Void) {
    ends.withLock { $0[ObjectIdentifier(channel)] = body }
    if !channel.isActive { end(channel) }
  }

  func forget(_ channel: any Channel) {
    ends.withLock { $0[ObjectIdentifier(channel)] = nil }
  }

  func end(_ channel: any Channel) {
    ends.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }?()
  }

  func add(_ channel: any Channel) {
    channels.withLock { $0[ObjectIdentifier(channel)] = channel }
  }

  func remove(_ channel: any Channel) {
    channels.withLock { $0[ObjectIdentifier(channel)] = nil }
    end(channel)
  }

  /// Closes every connection, read or not.
  func closeAll() {
    for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
  }
}

/// Sees a client go away while its request is being answered, when nobody reads from it, and closes the
/// connection of one that does not read its answer.
final class ConnectionWatcher: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let connections: OpenConnections
  /// Writes that were not taken yet, and since when the first of them has waited.
  private var pending = 0
  private var waitingSince = NIODeadline.now()
  private var isChecking = false

  /// How long a write may take.
  private static let patience = TimeAmount.seconds(60)

  init(_ connections: OpenConnections) { self.connections = connections }

  func handlerAdded(context: ChannelHandlerContext) { connections.add(context.channel) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent { connections.end(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    connections.remove(context.channel)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { connections.remove(context.channel) }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // Something comes after a head, and waits at least as long.
    if case .head = unwrapOutboundIn(data) { return context.write(data, promise: promise) }
    let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
    if pending == 0 { waitingSince = .now() }
    pending += 1
    promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
      guard let self else { return }
      self.pending -= 1
      self.waitingSince = .now()
    }
    check(context.channel)
    context.write(data, promise: promise)
  }

  /// Looks now and then whether writes are taken, for as long as there are any.
  private func check(_ channel: any Channel) {
    guard !isChecking else { return }
    isChecking = true
    channel.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
      [weak self, weak channel] in
      guard let self, let channel else { return }
      self.isChecking = false
      guard self.pending > 0 else { return }
      if NIODeadline.now() - self.waitingSince >= Self.patience {
        channel.close(promise: nil)
      } else {
        self.check(channel)
      }
    }
  }
}
