#if OAuth
internal import Foundation
internal import JWTKit
package import MCPServer
internal import Records

/// Holds bearer tokens (RFC 9068, and JSON Web Tokens like it) against what they must be.
package final class TokenVerifier: Authenticator {
  private let rules: TokenRules
  private let keys: KeySet
  private let now: @Sendable () -> Double

  /// - Parameter pause: how often at most unknown keys make the key set be fetched; nil for what suits
  ///   where it is.
  /// - Parameter log: told why keys cannot be had, once.
  /// - Parameter now: seconds since 1970.
  package init(
    _ rules: TokenRules, keys source: KeySource, pause: Duration? = nil,
    log: @escaping @Sendable (String) -> Void = { _ in },
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) {
    self.rules = rules
    keys = KeySet(source, pause: pause, log: log)
    self.now = now
  }

  package var isOpen: Bool { false }

  package var metadata: ProtectedResource? {
    ProtectedResource(resource: rules.resource, authorizationServers: [rules.issuer])
  }

  package func identity(for token: String?) async throws(CredentialsRefusal) -> Identity {
    guard let token else { throw .missing }
    let parts = try CompactToken(token)
    try await verify(parts)
    return try identity(try parts.claims())
  }

  private func verify(_ token: CompactToken) async throws(CredentialsRefusal) {
    let header = token.header
    guard let algorithm = header["alg"]?.string, TokenRules.algorithms[algorithm] != nil else {
      throw .invalid("The token is not signed in a way that is accepted.")
    }
    // What a header declares critical has to be understood, and nothing of the kind is.
    guard header["crit"] == nil else { throw .invalid("The token asks for extensions.") }
    let id = header["kid"]?.string
    let verifiers: [any JWTAlgorithm]
    do throws(KeySource.Failure) {
      verifiers = try await keys.candidates(id, algorithm)
    } catch {
      throw .unavailable("Tokens cannot be verified at the moment.")
    }
    guard !verifiers.isEmpty, id != nil || header["kid"] == nil else {
      throw .invalid("The token is signed with an unknown key.")
    }
    let holds = verifiers.contains {
      (try? $0.verify(token.signature, signs: token.signed)) == true
    }
    guard holds else {
      throw .invalid("The token's signature does not hold.")
    }
  }

  private func identity(_ claims: [String: JSONValue]) throws(CredentialsRefusal) -> Identity {
    guard claims["iss"]?.string == rules.issuer else {
      throw .invalid("The token is of another issuer.")
    }
    let audiences = Self.texts(claims["aud"]).map(TokenRules.normalized)
    guard audiences.contains(where: rules.audiences.contains) else {
      throw .invalid("The token is for another audience.")
    }
    guard let expiry = Self.seconds(claims["exp"]), expiry + TokenRules.leeway > now() else {
      throw .invalid("The token has expired.")
    }
    if let start = claims["nbf"] {
      guard let start = Self.seconds(start), start - TokenRules.leeway <= now() else {
        throw .invalid("The token is not valid yet.")
      }
    }
    // To the letter: blanks around a name would make two subjects one user.
    guard let name = claims[rules.identityClaim]?.string, let user = try? UserID(name),
      user.description.utf8.elementsEqual(name.utf8)
    else {
      throw .invalid("The token does not name a user in the claim \(rules.identityClaim).")
    }
    let scopes =
      Self.texts(claims["scope"]).flatMap { $0.split(separator: " ").map(String.init) }
      + Self.texts(claims["scp"])
    let access = Access(scopes: scopes)
    return Identity(
      caller: access.contains(.administer) ? .unbound(default: user) : .bound(user),
      access: access, credential: "token:\(rules.issuer) \(user)")
  }

  private static func texts(_ value: JSONValue?) -> [String] {
    value?.string.map { [$0] } ?? value?.array?.compactMap(\.string) ?? []
  }

  private static func seconds(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let seconds): Double(seconds)
    case .number(let seconds): seconds.isFinite ? seconds : nil
    default: nil
    }
  }
}
#endif
