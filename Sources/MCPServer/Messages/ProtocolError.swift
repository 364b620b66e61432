package import Records

/// What is said about a request that could not be served as such.
///
/// Failures inside a tool are not among these: they are results, see `ToolFailure`.
package struct ProtocolError: Error, Hashable, Sendable {
  package let code: Int
  package let message: String
  package let data: JSONValue?

  private init(_ code: Int, _ message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// The text is not JSON.
  package static func parseError(_ message: String) -> Self { Self(-32700, message) }

  /// The text is JSON but not a message.
  package static func invalidRequest(_ message: String) -> Self { Self(-32600, message) }

  /// Nobody here answers to that method, in that era.
  package static func methodNotFound(_ method: String) -> Self {
    Self(-32601, "Method not found: \(method.prefix(100))")
  }

  /// The method is known, its parameters are wrong.
  package static func invalidParams(_ message: String) -> Self { Self(-32602, message) }

  /// A resource that is not there for the caller; the eras have a code each.
  static func resourceNotFound(_ uri: String, _ era: Era) -> Self {
    Self(
      era == .modern ? -32602 : -32002, "Resource not found",
      data: ["uri": .string(String(uri.prefix(1000)))])
  }

  /// A header that is missing, repeated, malformed, or says otherwise than the body.
  package static func headerMismatch(_ message: String) -> Self { Self(-32020, message) }

  /// The client gave the request up.
  package static let cancelled = Self(-32800, "Request cancelled")

  /// Something failed that the caller cannot change.
  package static let internalError = Self(-32603, "Internal error")

  /// The request was made for a version that is not served.
  package static func unsupportedVersion(_ requested: String) -> Self {
    let supported = JSONValue.array(ProtocolVersion.modern.map(JSONValue.string))
    return Self(
      -32022, "Unsupported protocol version",
      data: ["supported": supported, "requested": .string(requested)])
  }

  /// The error as it stands in a message.
  package var json: JSONValue {
    var members: [String: JSONValue] = ["code": .integer(Int64(code)), "message": .string(message)]
    members["data"] = data
    return .object(members)
  }
}
