internal import Logging
internal import MCPServer
internal import Records

#if OAuth
internal import Foundation
internal import TokenVerification
#endif

extension HTTPServer {
  #if OAuth
  /// Who verifies tokens; keys of this server go on opening it.
  static func tokens(_ settings: Settings, _ logger: Logger) throws -> any Authenticator {
    guard let issuer = settings.tokenIssuer, let place = settings.tokenKeys else {
      throw ServiceError.invalid("auth", "oauth needs token_issuer and token_keys")
    }
    let name = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    var resource =
      settings.publicURL?.absoluteString ?? "http://\(name):\(settings.port)\(HTTPRules.path)"
    if resource.hasSuffix("/") { resource.removeLast() }
    let audiences = settings.acceptedAudiences.isEmpty ? [resource] : settings.acceptedAudiences
    let source: KeySource
    do {
      source = try KeySource(place)
    } catch {
      throw ServiceError.invalid("token_keys", error.reason)
    }
    return KeysAndTokens(
      keys: KeyRing(directory: settings.dataDirectory),
      tokens: TokenVerifier(
        TokenRules(
          issuer: issuer, audiences: audiences, identityClaim: settings.identityClaim,
          resource: resource),
        keys: source, log: { logger.warning("\($0)") }))
  }
  #else
  /// This program was built without what verifies tokens.
  static func tokens(_ settings: Settings, _ logger: Logger) throws -> any Authenticator {
    let given = [
      settings.tokenIssuer, settings.tokenKeys, settings.acceptedAudiences.first,
    ].compactMap { $0 }
    throw ServiceError(
      .invalidArgument,
      "This program was built without OAuth, so \(settings.identityClaim) of a token cannot be read"
        + (given.isEmpty ? "" : " (\(given.joined(separator: ", ")))")
        + "; build it with `swift build --traits Server,OAuth`.",
      field: "auth")
  }
  #endif
}

#if OAuth
/// A key of this server, or a token of the authorization server; their forms tell them apart.
private struct KeysAndTokens: Authenticator {
  let keys: KeyRing
  let tokens: TokenVerifier

  var isOpen: Bool { false }
  var metadata: ProtectedResource? { tokens.metadata }

  func identity(for token: String?) async throws(CredentialsRefusal) -> Identity {
    if let token, StoredKey.looksLikeKey(token) { return try keys.identity(for: token) }
    return try await tokens.identity(for: token)
  }
}
#endif
