#if OAuth
package import Foundation

/// What a token must be for its bearer to get in.
package struct TokenRules: Sendable {
  /// The authorization server, exactly as it names itself.
  package var issuer: String
  /// Any of these must be among the token's audiences.
  package var audiences: [String]
  /// The claim that names the user.
  package var identityClaim: String
  /// The URL of this server's endpoint, as clients use it.
  package var resource: String

  package init(issuer: String, audiences: [String], identityClaim: String, resource: String) {
    self.issuer = issuer
    self.audiences = audiences.map(Self.normalized)
    self.identityClaim = identityClaim
    self.resource = resource
  }

  /// What clocks may differ by, in seconds.
  static let leeway = 30.0
  /// Longer tokens are not looked at.
  static let lengthLimit = 16_384
  /// Signatures with a key that others may know; those with a shared secret, and none, are not among
  /// them: a public key must never be taken for a secret.
  static let algorithms: Set<String> = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
  ]

  /// URLs that differ in the case of their host, or in a slash at the end, are the same audience.
  static func normalized(_ audience: String) -> String {
    let bare = audience.hasSuffix("/") ? String(audience.dropLast()) : audience
    guard var parts = URLComponents(string: bare), let host = parts.host else { return bare }
    parts.host = host.lowercased()
    parts.scheme = parts.scheme?.lowercased()
    return parts.string ?? bare
  }
}
#endif
