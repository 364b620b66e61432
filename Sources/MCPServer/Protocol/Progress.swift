internal import Records

/// Where reports of a request's progress go: to a client that gave a token for them.
package struct Progress: Sendable {
  private let token: JSONValue
  private let send: @Sendable (JSONValue) -> Void

  /// Nil when the request carries no token, which is a string or an integer.
  init?(_ params: [String: JSONValue], send: @escaping @Sendable (JSONValue) -> Void) {
    switch params["_meta"]?["progressToken"] {
    case .some(.string(let text)): token = .string(text)
    case .some(.integer(let number)): token = .integer(number)
    default: return nil
    }
    self.send = send
  }

  func report(_ done: Int, of total: Int, _ message: String) {
    send([
      "jsonrpc": "2.0", "method": "notifications/progress",
      "params": [
        "progressToken": token, "progress": .integer(Int64(done)),
        "total": .integer(Int64(total)), "message": .string(message),
      ],
    ])
  }
}
