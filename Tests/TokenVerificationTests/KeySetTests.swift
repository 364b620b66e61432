#if OAuth
import Foundation
import MCPServer
import Records
import Synchronization
import TestSupport
import Testing
import TokenTestSupport
import TokenVerification

/// Which keys are taken, and what becomes of tokens when keys change or cannot be had.
@Suite struct KeySetTests {
  private let fixture: TokenFixture

  init() async throws { fixture = try await TokenFixture() }

  /// Waits for something, but not for ever.
  private func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
      if ContinuousClock.now > deadline { return false }
      try await Task.sleep(for: .milliseconds(20))
    }
    return true
  }

  // MARK: Which keys

  @Test func `keys for other uses, of other kinds and on other curves verify nothing`()
    async throws
  {
    let rsa = try await TokenForge.rsa()
    for (key, more) in [
      (fixture.key, ["use": "enc"]), (fixture.key, ["use": 5]),
      (fixture.key, ["key_ops": ["sign"]]), (fixture.key, ["key_ops": "verify"]),
      (fixture.key, ["alg": "ES384"]), (fixture.key, ["alg": "ES256K"]),
      (fixture.key, ["alg": "HS256"]), (fixture.key, ["crv": "P-384"]),
      (fixture.key, ["crv": "secp256k1"]), (fixture.key, ["crv": .null]),
      (fixture.key, ["kty": "RSA"]), (fixture.key, ["kty": "oct", "k": "c2VjcmV0"]),
      (fixture.key, ["x": "AAAA"]), (fixture.key, ["y": fixture.key.published["x"] ?? .null]),
      (fixture.key, ["x": .null]), (fixture.key, ["kid": "k2"]), (fixture.key, ["kid": 5]),
      (rsa, ["alg": "RS512"]), (rsa, ["alg": "RSA-OAEP"]), (rsa, ["alg": "RSA-OAEP-256"]),
      (rsa, ["n": "AQAB"]), (rsa, ["n": ""]), (rsa, ["e": ""]), (rsa, ["kty": "EC"]),
      (rsa, ["n": "*"]),
    ] as [(TokenForge.Key, [String: JSONValue])] {
      try fixture.publish([key.published(as: "k1", more)])
      // What is not understood is as good as not there, which is the token's fault.
      #expect(try await fixture.verifier().refuses(try fixture.sign(with: key)), "\(more)")
    }
    for more: [String: JSONValue] in [
      ["use": "sig", "alg": "ES256"], ["key_ops": ["verify"]], ["more": [1, 2]], ["d": "AAAA"],
    ] {
      try fixture.publish([fixture.key.published(as: "k1", more)])
      #expect(try await fixture.verifier().refusal(of: try fixture.sign()) == nil, "\(more)")
    }
  }

  @Test func `a bad key spoils none of the others`() async throws {
    try fixture.publish([
      5, .null, [:], ["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "bad"],
      ["kty": "AKP", "alg": "ML-DSA-65", "kid": "new"], fixture.key.published(as: "k1"),
      ["kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "short"],
    ])
    let verifier = try fixture.verifier()
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    for id in ["bad", "new", "short"] { #expect(await verifier.refuses(try fixture.sign(as: id))) }
  }

  @Test func `without a name only a single key is meant for certain`() async throws {
    let other = try await TokenForge.es256()
    let rsa = try await TokenForge.rsa()
    let token = try fixture.sign(as: nil)
    for keys in [
      [fixture.key.published(as: nil)],
      [fixture.key.published(as: "k1"), rsa.published(as: "k2")],
    ] {
      try fixture.publish(keys)
      #expect(try await fixture.verifier().refusal(of: token) == nil)
    }
    for id in ["k1", "k2", nil] {
      try fixture.publish([fixture.key.published(as: "k1"), other.published(as: id)])
      #expect(try await fixture.verifier().refuses(token))
    }
  }

  // MARK: Change

  @Test func `keys are rotated without a restart, and withdrawn`() async throws {
    let verifier = try fixture.verifier()
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    let next = try await TokenForge.es256()
    let token = try fixture.sign(with: next, as: "k2")
    #expect(await verifier.refuses(token))
    try fixture.publish([fixture.key.published(as: "k1"), next.published(as: "k2")])
    #expect(await verifier.refusal(of: token) == nil)
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    try fixture.publish([next.published(as: "k2")])
    #expect(try await eventually { await verifier.refuses(try fixture.sign()) })
    #expect(await verifier.refusal(of: token) == nil)
    // The same name for another key.
    try fixture.publish([fixture.key.published(as: "k2")])
    #expect(try await eventually { await verifier.refuses(token) })
  }

  @Test func `without keys nobody is let in, and it says to come again`() async throws {
    for text in ["", "{", "{}", #"{"keys":5}"#, "[]", String(repeating: " ", count: 2 << 20)] {
      try Data(text.utf8).write(to: fixture.file)
      guard case .unavailable = try await fixture.verifier().refusal(of: try fixture.sign()) else {
        Issue.record("\(text.prefix(20)) opens")
        continue
      }
    }
    try fixture.publish([])
    #expect(try await fixture.verifier().refuses(try fixture.sign()))
  }

  @Test func `keys come over a secure connection, or from this machine`() throws {
    for place in [
      "http://issuer.lan/jwks.json", "ftp://127.0.0.1/jwks.json", "http://127.0.0.1.evil.lan/",
      "file:///nowhere/jwks.json", "/nowhere/jwks.json",
    ] {
      #expect(throws: KeySource.Failure.self, "\(place)") { try KeySource(place) }
    }
    for place in ["https://issuer.lan/jwks.json", "HTTP://LocalHost:1/x", "http://[::1]:1/x"] {
      #expect(throws: Never.self, "\(place)") { try KeySource(place) }
    }
  }

  @Test func `keys that cannot be read again for a moment go on`() async throws {
    let lines = Mutex<[String]>([])
    let verifier = try fixture.verifier(log: { line in lines.withLock { $0.append(line) } })
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    try FileManager.default.removeItem(at: fixture.file)
    let unknown = try fixture.sign(with: try await TokenForge.es256(), as: "k9")
    for _ in 0..<5 { #expect(await verifier.refuses(unknown)) }
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    #expect(lines.withLock { $0.count } == 1)
  }

  // MARK: A server of keys

  @Test func `keys come from a server, which tokens with unknown keys do not make busy`()
    async throws
  {
    let server = try KeyServer(.text(try TokenForge.set([fixture.key.published(as: "k1")])))
    let verifier = try fixture.verifier(keys: server.url, pause: nil)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          #expect(await verifier.refusal(of: try? fixture.sign()) == nil, "the first are refused")
        }
      }
    }
    #expect(server.requests == 1)
    for number in 0..<500 {
      #expect(await verifier.refuses(try fixture.sign(as: "unknown \(number)")))
    }
    #expect(server.requests == 1)
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
  }

  @Test func `a server of keys that sends what is no key set lets nobody in`() async throws {
    let set = try TokenForge.set([fixture.key.published(as: "k1")])
    let elsewhere = try KeyServer(.text(set))
    let long = set + Data(repeating: 0x20, count: 2 << 20)
    for answer: KeyServer.Answer in [
      .status(404), .status(500), .redirect(elsewhere.url), .text(long), .text(Data("{}".utf8)),
      .nothing,
    ] {
      let server = try KeyServer(answer)
      let verifier = try fixture.verifier(keys: server.url, pause: nil)
      guard case .unavailable = await verifier.refusal(of: try fixture.sign()) else {
        Issue.record("\(answer) opens")
        continue
      }
    }
    #expect(elsewhere.requests == 0, "keys were looked for somewhere else")
  }

  @Test(.timeLimit(.minutes(2)), arguments: [KeyServer.Answer.silence, .drip])
  func `a server of keys that does not come to an end keeps nobody for long`(
    answer: KeyServer.Answer
  ) async throws {
    let server = try KeyServer(.text(try TokenForge.set([fixture.key.published(as: "k1")])))
    let verifier = try fixture.verifier(keys: server.url, pause: .milliseconds(1))
    #expect(await verifier.refusal(of: try fixture.sign()) == nil)
    server.answer = answer
    // One token makes the keys be looked for; those whose key is known do not wait for that.
    async let unknown = verifier.refuses(try fixture.sign(as: "unknown"))
    #expect(try await eventually { server.requests == 2 })
    for _ in 0..<100 { #expect(await verifier.refusal(of: try fixture.sign()) == nil) }
    #expect(server.requests == 2)
    #expect(try await unknown)
    // After the attempt that failed nobody waits for the next.
    for _ in 0..<100 { #expect(await verifier.refuses(try fixture.sign(as: "unknown"))) }
    #expect(server.requests <= 3)
    server.answer = .text(try TokenForge.set([fixture.key.published(as: "unknown")]))
    #expect(
      try await eventually { await verifier.refusal(of: try fixture.sign(as: "unknown")) == nil })
  }
}
#endif
