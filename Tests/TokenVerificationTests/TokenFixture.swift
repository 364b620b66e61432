#if OAuth
import Foundation
import MCPServer
import Records
import TestSupport
import TokenTestSupport
import TokenVerification

/// A key set in a file, and tokens that are verified with it.
struct TokenFixture {
  static let now = 1_800_000_000.0
  static let resource = "https://memory.lan/mcp"
  static let good: [String: JSONValue] = [
    "iss": "https://issuer.lan", "aud": .string(resource), "sub": "ana", "exp": 1_800_000_600,
    "nbf": 1_799_999_000, "scope": "memory:read memory:write",
  ]

  private let directory: TemporaryDirectory
  let file: URL
  /// Published as k1.
  let key: TokenForge.Key

  init() async throws {
    directory = try TemporaryDirectory()
    file = directory.url.appendingPathComponent("jwks.json")
    key = try await TokenForge.es256()
    try publish([key.published(as: "k1")])
  }

  func publish(_ keys: [JSONValue]) throws {
    try TokenForge.set(keys).write(to: file, options: .atomic)
  }

  func verifier(
    issuer: String = "https://issuer.lan", identityClaim: String = "sub",
    audiences: [String] = [resource], keys: String? = nil, pause: Duration? = .zero,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> TokenVerifier {
    TokenVerifier(
      TokenRules(
        issuer: issuer, audiences: audiences, identityClaim: identityClaim,
        resource: Self.resource),
      keys: try KeySource(keys ?? file.path), pause: pause, log: log, now: { Self.now })
  }

  /// A token that is good unless something else is said.
  func sign(
    _ claims: [String: JSONValue] = good, with signer: TokenForge.Key? = nil, as id: String? = "k1",
    header: [String: JSONValue] = [:]
  ) throws -> String {
    var header = header
    if let id, header["kid"] == nil { header["kid"] = .string(id) }
    return try TokenForge.token(claims, signer ?? key, header: header)
  }

  static func changed(_ change: (inout [String: JSONValue]) -> Void) -> [String: JSONValue] {
    var claims = good
    change(&claims)
    return claims
  }
}

extension TokenVerifier {
  /// Why a token does not open; nil when it does.
  func refusal(of token: String?) async -> CredentialsRefusal? {
    do throws(CredentialsRefusal) {
      _ = try await identity(for: token)
      return nil
    } catch {
      return error
    }
  }

  /// Whether a token is refused for what it is.
  func refuses(_ token: String) async -> Bool {
    if case .invalid = await refusal(of: token) { return true }
    return false
  }
}
#endif
