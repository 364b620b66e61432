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

  /// - Parameter pause: how often at most unknown keys make the key set be fetched.
  /// - Parameter now: seconds since 1970.
  package init(
    _ rules: TokenRules, keys source: KeySource, pause: Duration = .seconds(10),
    now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) {
    self.rules = rules
    keys = KeySet(source, pause: pause)
    self.now = now
  }

  package var isOpen: Bool { false }

  package var metadata: ProtectedResource? {
    ProtectedResource(resource: rules.resource, authorizationServers: [rules.issuer])
  }

  package func identity(for token: String?) async throws(CredentialsRefusal) -> Identity {
    guard let token else { throw .missing }
    let header = try Self.header(of: token)
    guard let algorithm = header["alg"]?.string, TokenRules.algorithms.contains(algorithm) else {
      throw .invalid("The token is not signed in a way that is accepted.")
    }
    // What a header declares critical has to be understood, and nothing of the kind is.
    guard header["crit"] == nil else { throw .invalid("The token asks for extensions.") }
    let claims = try await verified(token, key: header["kid"]?.string, algorithm)
    return try identity(claims)
  }

  private static func header(of token: String) throws(CredentialsRefusal) -> [String: JSONValue] {
    let malformed = CredentialsRefusal.invalid("The token is malformed.")
    guard token.utf8.count <= TokenRules.lengthLimit else { throw malformed }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let data = decoded(parts[0]),
      let header = try? JSONTextReader.value(of: Array(data), refusesRepeatedNames: true).object
    else { throw malformed }
    return header
  }

  private static func decoded(_ part: Substring) -> Data? {
    let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))
  }

  private func verified(
    _ token: String, key id: String?, _ algorithm: String
  ) async throws(CredentialsRefusal) -> [String: JSONValue] {
    let verifier: JWTKeyCollection?
    do {
      verifier = try await keys.verifier(id, algorithm)
    } catch {
      throw .unavailable("Tokens cannot be verified at the moment.")
    }
    guard let verifier else { throw .invalid("The token is signed with an unknown key.") }
    do {
      return try await verifier.verify(token, as: Claims.self).members
    } catch {
      throw .invalid("The token's signature does not hold.")
    }
  }

  /// The claims, whatever they are; they are looked at once the signature holds.
  private struct Claims: JWTPayload {
    let members: [String: JSONValue]

    init(from decoder: any Decoder) throws {
      members = try decoder.singleValueContainer().decode([String: JSONValue].self)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(members)
    }

    func verify(using algorithm: some JWTAlgorithm) {}
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
    guard let name = claims[rules.identityClaim]?.string, let user = try? UserID(name) else {
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
