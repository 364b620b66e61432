#if OAuth
import Foundation
import JWTKit
import MCPServer
import Records
import Synchronization
import TestSupport
import Testing
import TokenVerification

/// Which tokens open, and that every other is refused.
@Suite struct TokenTests {
  private struct Claims: JWTPayload {
    var members: [String: JSONValue]

    init(_ members: [String: JSONValue]) { self.members = members }

    init(from decoder: any Decoder) throws {
      members = try decoder.singleValueContainer().decode([String: JSONValue].self)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(members)
    }

    func verify(using algorithm: some JWTAlgorithm) {}
  }

  private static let now = 1_800_000_000.0
  private static let resource = "https://memory.lan/mcp"
  private static let good: [String: JSONValue] = [
    "iss": "https://issuer.lan", "aud": .string(resource), "sub": "ana", "exp": 1_800_000_600,
    "nbf": 1_799_999_000, "scope": "memory:read memory:write",
  ]

  private let directory: TemporaryDirectory
  private let file: URL
  private let key = ES256PrivateKey()

  init() throws {
    directory = try TemporaryDirectory()
    file = directory.url.appendingPathComponent("jwks.json")
    try publish([("k1", key)])
  }

  /// Writes a key set with these keys, and nothing else.
  private func publish(
    _ keys: [(id: String, key: ES256PrivateKey)], more: [String: JSONValue] = [:]
  ) throws {
    let list = try keys.map { id, key in
      let parameters = try #require(key.parameters)
      var members: [String: JSONValue] = [
        "kty": "EC", "crv": "P-256", "kid": .string(id), "use": "sig",
        "x": .string(Self.url(parameters.x)), "y": .string(Self.url(parameters.y)),
      ]
      members.merge(more) { $1 }
      return JSONValue.object(members)
    }
    try JSON.data(JSONValue.object(["keys": .array(list)])).write(to: file, options: .atomic)
  }

  private static func url(_ base64: String) -> String {
    base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func url(_ data: Data) -> String { url(data.base64EncodedString()) }

  private func verifier(
    identityClaim: String = "sub", audiences: [String] = [resource], keys: String? = nil,
    now: Double = now
  ) throws -> TokenVerifier {
    TokenVerifier(
      TokenRules(
        issuer: "https://issuer.lan", audiences: audiences, identityClaim: identityClaim,
        resource: Self.resource),
      keys: try KeySource(keys ?? file.path), pause: .zero, now: { now })
  }

  private func sign(
    _ claims: [String: JSONValue] = good, with signer: ES256PrivateKey? = nil, as id: String = "k1",
    header: JWTHeader = JWTHeader()
  ) async throws -> String {
    let keys = JWTKeyCollection()
    let kid = JWKIdentifier(string: id)
    await keys.add(ecdsa: signer ?? key, kid: kid)
    return try await keys.sign(Claims(claims), kid: kid, header: header)
  }

  private func refused(_ token: String?, by verifier: TokenVerifier) async -> CredentialsRefusal? {
    do {
      _ = try await verifier.identity(for: token)
      return nil
    } catch {
      return error
    }
  }

  private func changed(_ change: (inout [String: JSONValue]) -> Void) -> [String: JSONValue] {
    var claims = Self.good
    change(&claims)
    return claims
  }

  // MARK: What opens

  @Test func `a good token names its user and what it may do`() async throws {
    let identity = try await verifier().identity(for: try await sign())
    #expect(identity.caller == .bound(UserID(stored: "ana")))
    #expect(identity.access == [.read, .write])
    let reader = try await verifier().identity(
      for: try await sign(changed { $0["scope"] = "memory:read profile" }))
    #expect(reader.access == .read)
    let listed = try await verifier().identity(
      for: try await sign(
        changed {
          $0["scope"] = nil
          $0["scp"] = ["memory:write"]
        }))
    #expect(listed.access == [.read, .write])
    let none = try await verifier().identity(for: try await sign(changed { $0["scope"] = nil }))
    #expect(none.access == [])
    let admin = try await verifier().identity(
      for: try await sign(changed { $0["scope"] = "admin" }))
    #expect(admin.caller == .unbound(default: UserID(stored: "ana")))
    #expect(admin.access == [.read, .write, .administer])
  }

  @Test func `the identity claim decides the user`() async throws {
    let token = try await sign(changed { $0["email"] = "ana@memory.lan" })
    let identity = try await verifier(identityClaim: "email").identity(for: token)
    #expect(identity.caller == .bound(UserID(stored: "ana@memory.lan")))
    for claim in ["absent", "exp", "bad"] {
      let odd = try await sign(changed { $0["bad"] = "two words" })
      #expect(await refused(odd, by: try verifier(identityClaim: claim)) != nil)
    }
  }

  @Test func `audiences may be several, and spelled a little otherwise`() async throws {
    for audience: JSONValue in [
      ["https://other.lan", "https://memory.lan/mcp"], "HTTPS://Memory.LAN/mcp",
      "https://memory.lan/mcp/",
    ] {
      let token = try await sign(changed { $0["aud"] = audience })
      #expect(await refused(token, by: try verifier()) == nil, "\(audience)")
    }
    let named = try await sign(changed { $0["aud"] = "memory-api" })
    #expect(await refused(named, by: try verifier(audiences: ["memory-api"])) == nil)
  }

  @Test func `keys are rotated without a restart`() async throws {
    let verifier = try verifier()
    #expect(await refused(try await sign(), by: verifier) == nil)
    let next = ES256PrivateKey()
    let token = try await sign(with: next, as: "k2")
    #expect(await refused(token, by: verifier) != nil)
    try publish([("k1", key), ("k2", next)])
    #expect(await refused(token, by: verifier) == nil)
    #expect(await refused(try await sign(), by: verifier) == nil)
  }

  // MARK: What does not

  @Test func `claims that do not hold`() async throws {
    let bad: [[String: JSONValue]] = [
      changed { $0["exp"] = 1_799_999_969 }, changed { $0["exp"] = nil },
      changed { $0["exp"] = "1800000600" }, changed { $0["nbf"] = 1_800_000_031 },
      changed { $0["nbf"] = "soon" }, changed { $0["iss"] = "https://issuer.lan/" },
      changed { $0["iss"] = "https://evil.lan" }, changed { $0["iss"] = nil },
      changed { $0["aud"] = "https://memory.lan" }, changed { $0["aud"] = nil },
      changed { $0["aud"] = [] }, changed { $0["aud"] = "https://memory.lan/mcp/more" },
      changed { $0["sub"] = nil }, changed { $0["sub"] = "" }, changed { $0["sub"] = 5 },
    ]
    let verifier = try verifier()
    for claims in bad {
      guard case .invalid = await refused(try await sign(claims), by: verifier) else {
        Issue.record("\(claims) opens")
        continue
      }
    }
    // Clocks may differ by half a minute.
    #expect(
      await refused(
        try await sign(
          changed {
            $0["exp"] = 1_799_999_975
            $0["nbf"] = 1_800_000_025
          }),
        by: verifier) == nil)
  }

  @Test func `signatures that are none, another's, or of another kind`() async throws {
    let verifier = try verifier()
    let token = try await sign()
    let parts = token.split(separator: ".").map(String.init)
    func forged(_ header: String, signature: String = "") -> String {
      "\(Self.url(Data(header.utf8))).\(parts[1]).\(signature)"
    }
    var flipped = Array(parts[2].utf8)
    flipped[5] = flipped[5] == 0x41 ? 0x42 : 0x41
    let other = parts[1].replacing(parts[1].prefix(4), with: "e30x")
    let rs = JWTKeyCollection()
    await rs.add(hmac: "secret", digestAlgorithm: .sha256, kid: "k1")
    let hmac = try await rs.sign(Claims(Self.good), kid: "k1")
    let tokens = [
      forged(#"{"alg":"none","kid":"k1"}"#), forged(#"{"alg":"None"}"#),
      forged(#"{"alg":"none","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"HS256","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"RS256","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"ES384","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"ES256","kid":"k1","crit":["exp"]}"#, signature: parts[2]),
      forged(#"{"alg":"none","alg":"ES256","kid":"k1"}"#, signature: parts[2]), hmac,
      try await sign(with: ES256PrivateKey()), try await sign(as: "unheard"),
      "\(parts[0]).\(parts[1]).\(String(decoding: flipped, as: UTF8.self))",
      "\(parts[0]).\(other).\(parts[2])", "\(parts[0]).\(parts[1]).",
      "\(parts[0]).\(parts[1])", "\(token).\(parts[2])", "..", "", "a.b.c", "Bearer",
      token + String(repeating: "A", count: 20_000), String(repeating: "a.", count: 50_000),
    ]
    for token in tokens {
      guard case .invalid = await refused(token, by: verifier) else {
        Issue.record("\(token.prefix(200)) opens")
        continue
      }
    }
    #expect(await refused(nil, by: verifier) == .missing)
    #expect(await refused(token, by: verifier) == nil)
  }

  @Test func `keys for other uses verify nothing, and two keys without a name neither`()
    async throws
  {
    try publish([("k1", key)], more: ["use": "enc"])
    #expect(await refused(try await sign(), by: try verifier()) != nil)
    try publish([("k1", key)], more: ["alg": "ES384"])
    #expect(await refused(try await sign(), by: try verifier()) != nil)
    try publish([("k1", key)], more: ["alg": "ES256"])
    #expect(await refused(try await sign(), by: try verifier()) == nil)
  }

  @Test func `mutated tokens are refused`() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("mutated tokens: seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let mutation = Mutation(tokens: [".", "..", "=", "A", "e30", "eyJhbGciOiJub25lIn0", "%", " "])
    let verifier = try verifier()
    let token = try await sign()
    let good = Set([token])
    for _ in 0..<2_000 {
      let bytes = mutation.mutated(Array(token.utf8), &generator)
      let text = String(decoding: bytes, as: UTF8.self)
      guard !good.contains(text), await refused(text, by: verifier) == nil else { continue }
      // The last character of a signature has bits that mean nothing.
      #expect(text.dropLast() == token.dropLast(), "\(text), seed \(seed)")
    }
  }

  @Test func `without keys nobody is let in, and it says to come again`() async throws {
    for text in ["", "{", "{}", #"{"keys":5}"#] {
      try Data(text.utf8).write(to: file)
      guard case .unavailable = await refused(try await sign(), by: try verifier()) else {
        Issue.record("\(text) opens")
        continue
      }
    }
    try Data(#"{"keys":[]}"#.utf8).write(to: file)
    guard case .invalid = await refused(try await sign(), by: try verifier()) else {
      Issue.record("an empty set opens")
      return
    }
    #expect(throws: KeySource.Failure.self) { try KeySource("http://issuer.lan/jwks.json") }
  }

  @Test func `keys that cannot be read again for a moment go on`() async throws {
    let verifier = try verifier()
    #expect(await refused(try await sign(), by: verifier) == nil)
    try FileManager.default.removeItem(at: file)
    #expect(await refused(try await sign(with: ES256PrivateKey(), as: "k9"), by: verifier) != nil)
    #expect(await refused(try await sign(), by: verifier) == nil)
  }
}
#endif
