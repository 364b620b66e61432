/// Sends a request and waits for its reply, on the thread of whoever calls.
///
/// A connection for each request: what is asked for takes seconds, and a connection that was kept may
/// be gone when it is needed. Redirections are replies like any other and not followed, since a key
/// must go where its owner sent it.
package struct HTTPClient: Sendable {
  /// How long connecting may take, handshake included.
  package var connectPatience: Duration
  /// The most bytes a body may have.
  package var bodyLimit: Int

  package init(connectPatience: Duration = .seconds(10), bodyLimit: Int = 4 << 20) {
    self.connectPatience = connectPatience
    self.bodyLimit = bodyLimit
  }

  /// A request.
  package struct Request {
    package var method: String
    package var address: RemoteAddress
    /// Names and values, which hold no line ends.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
      _ method: String, _ address: RemoteAddress, fields: [(name: String, value: String)] = [],
      body: [UInt8] = []
    ) {
      self.method = method
      self.address = address
      self.fields = fields
      self.body = body
    }

    /// The request as it goes over the connection.
    fileprivate var bytes: [UInt8] {
      let own = [
        ("Host", address.authority), ("User-Agent", "recollect"), ("Accept-Encoding", "identity"),
        ("Connection", "close"), ("Content-Length", "\(body.count)"),
      ]
      let path = address.path.isEmpty ? "/" : address.path
      let head = (own + fields).reduce("\(method) \(path) HTTP/1.1\r\n") {
        "\($0)\($1.0): \($1.1)\r\n"
      }
      return Array("\(head)\r\n".utf8) + body
    }
  }

  /// - Parameter deadline: the end of all waiting.
  package func reply(
    to request: Request, by deadline: ContinuousClock.Instant
  ) throws(HTTPFault) -> HTTPReply {
    let patience = Patience(until: deadline)
    let stream: any ByteStream
    do throws(HTTPFault) {
      stream = try connect(to: request.address, patience.limited(to: connectPatience))
    } catch {
      // Another attempt may get through, when there is time for one.
      guard case .timedOut = error, ContinuousClock.now < deadline else { throw error }
      throw .unreachable("it does not answer")
    }
    defer { stream.close() }
    do throws(HTTPFault) {
      try stream.send(request.bytes, patience)
    } catch {
      // Who refuses a request before it is whole may have said so.
      guard case .broken = error else { throw error }
    }
    var reader = HTTPReplyReader(bodyLimit: bodyLimit)
    while reader.reply == nil {
      let bytes = try stream.receive(patience)
      if bytes.isEmpty { try reader.end() } else { try reader.take(bytes) }
    }
    guard let reply = reader.reply else { throw .broken }
    return reply
  }

  private func connect(
    to address: RemoteAddress, _ patience: Patience
  ) throws(HTTPFault) -> any ByteStream {
    let plain = try PlainStream.connect(to: address.host, port: address.port, patience)
    guard address.isSecure else { return plain }
    return try SecureStream.connect(to: address.host, over: plain, patience)
  }
}
