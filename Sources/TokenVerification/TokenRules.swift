#if OAuth
internal import Foundation

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
  /// Signatures with a key that others may know, and the keys that are theirs. Those with a shared
  /// secret, and none, are not among them: a public key must never be taken for a secret.
  static let algorithms: [String: (type: String, curve: String?)] = [
    "RS256": ("RSA", nil), "RS384": ("RSA", nil), "RS512": ("RSA", nil),
    "PS256": ("RSA", nil), "PS384": ("RSA", nil), "PS512": ("RSA", nil),
    "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
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
