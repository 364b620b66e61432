internal import Foundation
internal import Records

extension HTTPEndpoint {
  static let metadataPath = "/.well-known/oauth-protected-resource"

  /// How a request without acceptable credentials is answered (RFC 6750).
  func challenge(_ refusal: CredentialsRefusal) -> HTTPReply {
    switch refusal {
    case .missing:
      return unauthorized(nil, "A bearer token is needed.", scope: .read)
    case .invalid(let why): return unauthorized("invalid_token", why, scope: .read)
    case .unavailable(let why):
      return .refusal(503, why, fields: [("retry-after", "5")])
    }
  }

  private func unauthorized(_ error: String?, _ why: String, scope: Access) -> HTTPReply {
    var parameters: [(String, String)] = []
    if let error { parameters += [("error", error), ("error_description", why)] }
    parameters += metadataParameters(scope)
    return Self.reply(401, error ?? "unauthorized", why, parameters)
  }

  /// How a request is answered whose credentials do not allow what it asks for; nil when they do.
  func refusal(of request: Request, _ identity: Identity) -> HTTPReply? {
    guard !authenticator.isOpen else { return nil }
    let needed = server(for: identity).needs(of: request)
    guard !identity.access.isSuperset(of: needed) else { return nil }
    let why = "This needs the scopes \(needed.names)."
    return Self.reply(
      403, "insufficient_scope", why,
      [("error", "insufficient_scope"), ("error_description", why)] + metadataParameters(needed))
  }

  private func metadataParameters(_ scope: Access) -> [(String, String)] {
    guard let metadata = authenticator.metadata else { return [] }
    return [("resource_metadata", Self.metadataURL(metadata)), ("scope", scope.names)]
  }

  /// The well-known part stands before the path of the resource.
  private static func metadataURL(_ metadata: ProtectedResource) -> String {
    guard let url = URLComponents(string: metadata.resource) else { return metadata.resource }
    var place = url
    place.path = metadataPath + url.path
    return place.string ?? metadata.resource
  }

  private static func reply(
    _ status: Int, _ error: String, _ why: String, _ parameters: [(String, String)]
  ) -> HTTPReply {
    let list = parameters.map { "\($0.0)=\"\(quoted($0.1))\"" }.joined(separator: ", ")
    let body: JSONValue = ["error": .string(error), "error_description": .string(why)]
    return HTTPReply(
      status,
      fields: [
        ("content-type", "application/json"),
        ("www-authenticate", list.isEmpty ? "Bearer" : "Bearer \(list)"),
      ], body: text(body))
  }

  private static func quoted(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  /// How a request for what is said of tokens is answered; nil for any other.
  ///
  /// Behind a proxy that puts a path before the endpoint's, the resource has that path as well, and so
  /// may what the proxy passes on.
  func metadataReply(_ head: HTTPHead) -> HTTPReply? {
    let path = head.path
    guard path.utf8.count >= Self.metadataPath.utf8.count,
      let mark = path.firstRange(of: Self.metadataPath)
    else { return nil }
    guard let metadata = authenticator.metadata else {
      return .refusal(404, "There is nothing here.")
    }
    let own = URLComponents(string: metadata.resource)?.path ?? ""
    let prefix = own.hasSuffix(HTTPRules.path) ? own.dropLast(HTTPRules.path.count) : ""
    let (before, after) = (path[..<mark.lowerBound], String(path[mark.upperBound...]))
    guard before.isEmpty || before == prefix, ["", HTTPRules.path, own].contains(after) else {
      return .refusal(404, "There is nothing here.")
    }
    switch head.method {
    case "GET", "HEAD": return Self.reply(metadata)
    case "OPTIONS":
      return HTTPReply(
        204,
        fields: [
          ("allow", "GET, HEAD, OPTIONS"), ("access-control-allow-origin", "*"),
          ("access-control-allow-methods", "GET"),
          ("access-control-allow-headers", "mcp-protocol-version"),
          ("access-control-max-age", "3600"),
        ])
    default: return .refusal(405, "Only GET.", fields: [("allow", "GET, HEAD, OPTIONS")])
    }
  }

  /// What a client has to know to get a token (RFC 9728); for everybody, also for pages.
  private static func reply(_ metadata: ProtectedResource) -> HTTPReply {
    let body: JSONValue = [
      "resource": .string(metadata.resource),
      "authorization_servers": .array(metadata.authorizationServers.map(JSONValue.string)),
      "scopes_supported": .array(Access.names.map { .string($0.name) }),
      "bearer_methods_supported": ["header"],
      "resource_name": "Recollect",
    ]
    return HTTPReply(
      200,
      fields: [("content-type", "application/json"), ("access-control-allow-origin", "*")],
      body: text(body))
  }

  private static func text(_ value: JSONValue) -> [UInt8] {
    // Strings always have a JSON form.
    (try? JSON.bytes(value)) ?? []
  }
}
