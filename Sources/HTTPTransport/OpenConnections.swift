internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// Who wants to know when a connection ends.
final class OpenConnections: Sendable {
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
}

/// Sees a client go away while its request is being answered, when nobody reads from it.
final class ConnectionWatcher: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let connections: OpenConnections

  init(_ connections: OpenConnections) { self.connections = connections }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent { connections.end(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    connections.end(context.channel)
    context.fireChannelInactive()
  }
}
