internal import Foundation
internal import Records

/// An answer that is complete.
package struct HTTPReply: Sendable {
  package let status: Int
  package var fields: [(name: String, value: String)]
  package let body: [UInt8]

  package init(_ status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// An answer of JSON-RPC.
  init(_ status: Int, _ response: Response) {
    self.init(status, fields: [("content-type", "application/json")], body: response.text)
  }

  /// A refusal before any message was read: said as JSON-RPC, which every client can show.
  static func refusal(
    _ status: Int, _ message: String, fields: [(name: String, value: String)] = []
  ) -> HTTPReply {
    var reply = HTTPReply(status, Response(nil, .invalidRequest(message)))
    reply.fields += fields
    return reply
  }

  static let accepted = HTTPReply(202)
}

/// How messages look in a stream of events.
package enum EventText {
  /// One message as an event.
  package static func event(_ message: [UInt8]) -> [UInt8] {
    Array("event: message\r\ndata: ".utf8) + message + Array("\r\n\r\n".utf8)
  }

  /// A line that says nothing and keeps proxies from closing the connection.
  package static let keepAlive = Array(": ping\r\n\r\n".utf8)

  /// The fields of an answer that is a stream of events.
  package static let fields: [(name: String, value: String)] = [
    ("content-type", "text/event-stream"), ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
  ]
}
