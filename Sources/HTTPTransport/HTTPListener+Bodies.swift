internal import HTTPTypes
internal import HummingbirdCore
internal import MCPServer
internal import NIOCore

/// A body that is not read to its end; the connection cannot go on after it.
struct BodyRefusal: Error {
  let reply: HTTPReply
}

extension HTTPListener {
  /// How long a body may take, however little of it comes at a time.
  private static let bodyPatience = Duration.seconds(60)
  /// What is still read of a body that nobody wants, so that the reply is seen.
  private static let discardLimit = 16 << 20

  /// The whole body.
  ///
  /// One that is too large is read on for a while all the same: a client that still writes when the
  /// connection is ended may never see why.
  ///
  /// - Throws: `BodyRefusal` for one that is too large, or does not come.
  func body(of request: HummingbirdCore.Request) async throws -> [UInt8] {
    let limit = endpoint.bodyLimit
    var bytes: [UInt8] = []
    var count = 0
    let deadline = ContinuousClock.now + Self.bodyPatience
    for try await buffer in request.body {
      count += buffer.readableBytes
      guard ContinuousClock.now < deadline else { throw BodyRefusal(reply: HTTPEndpoint.tooSlow) }
      guard count <= limit + Self.discardLimit else { break }
      if count <= limit { bytes.append(contentsOf: buffer.readableBytesView) } else { bytes = [] }
    }
    guard count <= limit else { throw BodyRefusal(reply: endpoint.tooLarge) }
    return bytes
  }

  /// Reads a body that nobody wants, as far and as long as an honest client would send it.
  ///
  /// - Throws: `BodyRefusal` beyond that; it ends the connection.
  func discard(_ body: RequestBody) async throws {
    var count = 0
    let deadline = ContinuousClock.now + Self.bodyPatience
    for try await buffer in body {
      count += buffer.readableBytes
      guard ContinuousClock.now < deadline else { throw BodyRefusal(reply: HTTPEndpoint.tooSlow) }
      guard count <= Self.discardLimit else { throw BodyRefusal(reply: endpoint.tooLarge) }
    }
  }

  /// Writes a complete reply.
  static func write(
    _ reply: HTTPReply, to writer: consuming ResponseWriter, isHead: Bool = false
  ) async throws {
    var response = HTTPResponse(reply.status, reply.fields)
    let hasBody = reply.status != 204 && reply.status != 304
    if hasBody { response.headerFields[.contentLength] = String(reply.body.count) }
    let body =
      reply.body.isEmpty || isHead
      ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
    try await writer.write(response: response, body: body)
  }
}

extension HTTPHead {
  /// The head as the endpoint takes it.
  init(_ request: HTTPRequest) {
    var fields = request.headerFields.map { (name: $0.name.canonicalName, value: $0.value) }
    if let authority = request.authority { fields.append(("host", authority)) }
    self.init(
      method: request.method.rawValue, target: request.path ?? "/", canonical: fields)
  }
}

extension HTTPResponse {
  init(_ status: Int, _ fields: [(name: String, value: String)]) {
    var headers = HTTPFields()
    for field in fields {
      guard let name = HTTPField.Name(field.name) else { continue }
      headers.append(HTTPField(name: name, value: field.value))
    }
    self.init(status: .init(code: status), headerFields: headers)
  }
}
