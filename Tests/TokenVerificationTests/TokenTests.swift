#if OAuth
import Foundation
import MCPServer
import Records
import TestSupport
import Testing
import TokenTestSupport
import TokenVerification

/// Which tokens open, and that every other is refused.
@Suite struct TokenTests {
  private typealias Fixture = TokenFixture
  private let fixture: TokenFixture

  init() async throws { fixture = try await TokenFixture() }

  private func changed(_ change: (inout [String: JSONValue]) -> Void) -> [String: JSONValue] {
    Fixture.changed(change)
  }

  // MARK: What opens

  @Test func `a good token names its user and what it may do`() async throws {
    let verifier = try fixture.verifier()
    func identity(_ claims: [String: JSONValue]) async throws -> Identity {
      try await verifier.identity(for: try fixture.sign(claims))
    }
    let plain = try await identity(Fixture.good)
    #expect(plain.caller == .bound(UserID(stored: "ana")))
    #expect(plain.access == [.read, .write])
    let reader = try await identity(changed { $0["scope"] = "memory:read profile" })
    #expect(reader.access == .read)
    let listed = try await identity(
      changed {
        $0["scope"] = nil
        $0["scp"] = ["memory:write"]
      })
    #expect(listed.access == [.read, .write])
    let none = try await identity(changed { $0["scope"] = nil })
    #expect(none.access == [])
    let admin = try await identity(changed { $0["scope"] = "admin" })
    #expect(admin.caller == .unbound(default: UserID(stored: "ana")))
    #expect(admin.access == [.read, .write, .administer])
  }

  @Test func `the identity claim decides the user`() async throws {
    let claims = changed {
      $0["email"] = "ana@memory.lan"
      $0["bad"] = "two words"
      $0["wide"] = "ana "
      $0["wider"] = "\u{A0}ana"
    }
    let token = try fixture.sign(claims)
    let identity = try await fixture.verifier(identityClaim: "email").identity(for: token)
    #expect(identity.caller == .bound(UserID(stored: "ana@memory.lan")))
    for claim in ["absent", "exp", "bad", "wide", "wider"] {
      #expect(try await fixture.verifier(identityClaim: claim).refuses(token))
    }
  }

  @Test func `an id that is published twice opens with either key, and no third`() async throws {
    let second = try await TokenForge.es256()
    try fixture.publish([fixture.key.published(as: "k1"), second.published(as: "k1")])
    let verifier = try fixture.verifier()
    for key in [fixture.key, second] {
      #expect(await verifier.refusal(of: try fixture.sign(with: key)) == nil)
    }
    let third = try await TokenForge.es256()
    #expect(await verifier.refuses(try fixture.sign(with: third)))
    #expect(await verifier.refuses(try fixture.sign(as: nil)), "which of them is meant is not said")
  }

  @Test func `audiences may be several, and spelled a little otherwise`() async throws {
    let verifier = try fixture.verifier()
    for audience: JSONValue in [
      ["https://other.lan", "https://memory.lan/mcp"], "HTTPS://Memory.LAN/mcp",
      "https://memory.lan/mcp/",
    ] {
      let token = try fixture.sign(changed { $0["aud"] = audience })
      #expect(await verifier.refusal(of: token) == nil, "\(audience)")
    }
    let named = try fixture.sign(changed { $0["aud"] = "memory-api" })
    #expect(try await fixture.verifier(audiences: ["memory-api"]).refusal(of: named) == nil)
  }

  @Test func `every kind of key and signature verifies its own tokens, and no other's`()
    async throws
  {
    let keys = [
      try await TokenForge.rsa(), try await TokenForge.rsa("PS256"), try await TokenForge.es384(),
      try await TokenForge.ed25519(), fixture.key,
    ]
    for key in keys {
      try fixture.publish([key.published(as: "k1")])
      let verifier = try fixture.verifier()
      #expect(await verifier.refusal(of: try fixture.sign(with: key)) == nil, "\(key.algorithm)")
      for other in keys where other.algorithm != key.algorithm {
        #expect(await verifier.refuses(try fixture.sign(with: other.pretending(key.algorithm))))
        // An RSA key that was published for no algorithm in particular is for all of its kind.
        guard other.published != key.published else { continue }
        #expect(await verifier.refuses(try fixture.sign(with: other)))
      }
    }
  }

  @Test func `the token that the standard shows is verified, and another not`() async throws {
    try fixture.publish([try await TokenForge.rsa().published(as: "standard")])
    let verifier = try fixture.verifier(issuer: "joe")
    let token = TokenForge.tokenOfTheStandard
    #expect(
      await verifier.refusal(of: token) == .invalid("The token is for another audience."))
    let place = token.utf8.count - 100
    let forged = String(
      token.enumerated().map { $0 == place ? ($1 == "A" ? "B" : "A") : $1 })
    #expect(
      await verifier.refusal(of: forged) == .invalid("The token's signature does not hold."))
  }

  // MARK: What does not

  @Test func `claims that do not hold`() async throws {
    let bad: [[String: JSONValue]] = [
      changed { $0["exp"] = 1_799_999_969 }, changed { $0["exp"] = nil },
      changed { $0["exp"] = "1800000600" }, changed { $0["nbf"] = 1_800_000_031 },
      changed { $0["nbf"] = "soon" }, changed { $0["iss"] = "https://issuer.lan/" },
      changed { $0["iss"] = "https://evil.lan" }, changed { $0["iss"] = nil },
      changed { $0["iss"] = ["https://issuer.lan"] },
      changed { $0["aud"] = "https://memory.lan" }, changed { $0["aud"] = nil },
      changed { $0["aud"] = [] }, changed { $0["aud"] = "https://memory.lan/mcp/more" },
      changed { $0["sub"] = nil }, changed { $0["sub"] = "" }, changed { $0["sub"] = 5 },
    ]
    let verifier = try fixture.verifier()
    for claims in bad {
      #expect(await verifier.refuses(try fixture.sign(claims)), "\(claims) opens")
    }
    // Clocks may differ by half a minute.
    let near = changed {
      $0["exp"] = 1_799_999_975
      $0["nbf"] = 1_800_000_025
    }
    #expect(await verifier.refusal(of: try fixture.sign(near)) == nil)
  }

  @Test func `signatures that are none, another's, or of another kind`() async throws {
    let verifier = try fixture.verifier()
    let token = try fixture.sign()
    let parts = token.split(separator: ".").map(String.init)
    func forged(_ header: String, signature: String = "") -> String {
      "\(TokenForge.url(Data(header.utf8))).\(parts[1]).\(signature)"
    }
    var flipped = Array(parts[2].utf8)
    flipped[5] = flipped[5] == 0x41 ? 0x42 : 0x41
    let other = parts[1].replacing(parts[1].prefix(4), with: "e30x")
    let published = try JSON.text(fixture.key.published(as: "k1"))
    let evil = try await TokenForge.es256()
    let tokens = [
      forged(#"{"alg":"none","kid":"k1"}"#), forged(#"{"alg":"None"}"#),
      forged(#"{"alg":"none","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":["ES256"],"kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"HS256","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"RS256","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"ES384","kid":"k1"}"#, signature: parts[2]),
      forged(#"{"alg":"none","alg":"ES256","kid":"k1"}"#, signature: parts[2]),
      // What everybody can read is no secret.
      try fixture.sign(with: try await TokenForge.hmac(published)),
      try fixture.sign(
        with: try await TokenForge.hmac(fixture.key.published["x"]?.string ?? "")),
      try fixture.sign(header: ["crit": ["exp"]]), try fixture.sign(header: ["kid": 5]),
      try fixture.sign(header: ["kid": .null]),
      try fixture.sign(with: evil), try fixture.sign(as: "unheard"),
      // A key that the token brings along is nobody's.
      try fixture.sign(with: evil, as: nil, header: ["jwk": evil.published(as: nil)]),
      try fixture.sign(with: evil, header: ["jwk": evil.published(as: "k1")]),
      "\(parts[0]).\(parts[1]).\(String(decoding: flipped, as: UTF8.self))",
      "\(parts[0]).\(other).\(parts[2])", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])",
      "\(token).\(parts[2])", "\(token)=", " \(token)", "..", "", "a.b.c", "Bearer",
      token + String(repeating: "A", count: 20_000), String(repeating: "a.", count: 50_000),
      try fixture.sign(
        changed { $0["more"] = .string(String(repeating: "x", count: 20_000)) }),
    ]
    for token in tokens { #expect(await verifier.refuses(token), "\(token.prefix(200)) opens") }
    #expect(await verifier.refusal(of: nil) == .missing)
    #expect(await verifier.refusal(of: token) == nil)
  }

  @Test func `mutated tokens are refused`() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("mutated tokens: seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let mutation = Mutation(tokens: [".", "..", "=", "A", "e30", "eyJhbGciOiJub25lIn0", "%", " "])
    let verifier = try fixture.verifier(pause: nil)
    let token = try fixture.sign()
    for _ in 0..<2_000 {
      let bytes = mutation.mutated(Array(token.utf8), &generator)
      let text = String(decoding: bytes, as: UTF8.self)
      guard text != token else { continue }
      #expect(await verifier.refuses(text), "\(text), seed \(seed)")
    }
  }
}
#endif
