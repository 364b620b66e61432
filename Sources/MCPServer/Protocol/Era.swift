internal import Records

/// The two ways of talking; they differ in envelope, methods and the shape of results.
package enum Era: Hashable, Sendable {
  /// 2024-11-05 to 2025-11-25.
  case handshake
  /// 2026-07-28 and later.
  case modern

  /// Which way a request talks, by itself: nothing is remembered from earlier messages.
  ///
  /// Clients exist that ask `server/discover` and then send `initialize` on the same connection, so
  /// a server that settles on one era with the first message breaks them.
  package init(of request: Request) {
    switch request.method {
    case "initialize": self = .handshake
    case "server/discover": self = .modern
    default: self = Envelope.version(in: request.params) == nil ? .handshake : .modern
    }
  }
}

/// What every modern request carries in `params._meta`.
enum Envelope {
  static let prefix = "io.modelcontextprotocol/"

  /// The protocol version, of whatever type.
  static func version(in params: [String: JSONValue]) -> JSONValue? {
    params["_meta"]?[prefix + "protocolVersion"]
  }

  /// The version that an envelope asks for, served or not.
  ///
  /// - Throws: `invalidParams` when the envelope is not complete.
  static func requestedVersion(_ params: [String: JSONValue]) throws(ProtocolError) -> String {
    guard let version = version(in: params)?.string else {
      throw .invalidParams("params._meta[\"\(prefix)protocolVersion\"] must be a string.")
    }
    guard params["_meta"]?[prefix + "clientCapabilities"]?.object != nil else {
      throw .invalidParams("params._meta[\"\(prefix)clientCapabilities\"] must be an object.")
    }
    return version
  }

  /// Refuses an envelope that is not complete, asks for a version that is not served, or for messages
  /// of a level that there is not.
  static func check(_ params: [String: JSONValue]) throws(ProtocolError) {
    let version = try requestedVersion(params)
    guard ProtocolVersion.modern.contains(version) else { throw .unsupportedVersion(version) }
    guard let level = params["_meta"]?[prefix + "logLevel"] else { return }
    guard let name = level.string, levels.contains(name) else {
      throw .invalidParams(
        "params._meta[\"\(prefix)logLevel\"] must be one of \(levels.joined(separator: ", ")).")
    }
  }

  /// From which on a client wants to be told what is logged; nothing is told, since what a server logs
  /// may be of others.
  private static let levels = [
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
  ]
}
