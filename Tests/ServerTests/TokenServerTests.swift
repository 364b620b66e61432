#if OAuth
import Foundation
import Records
import TestSupport
import Testing
import TokenTestSupport

/// A real server that takes tokens of an authorization server, and the tokens that it meets.
@Suite struct TokenServerTests {
  private static let issuer = "https://issuer.lan"
  /// Where clients find the server: behind a proxy that adds a path.
  private static let resource = "https://memory.lan/memory/mcp"
  private static let place = "/.well-known/oauth-protected-resource"

  private let directory: TemporaryDirectory
  private let data: URL
  private let file: URL
  private let rsa: TokenForge.Key
  private let elliptic: TokenForge.Key

  init() async throws {
    directory = try TemporaryDirectory()
    data = directory.url.appendingPathComponent("data")
    file = directory.url.appendingPathComponent("jwks.json")
    rsa = try await TokenForge.rsa()
    elliptic = try await TokenForge.es256()
    try publish([rsa.published(as: "r1"), elliptic.published(as: "e1")])
  }

  private func publish(_ keys: [JSONValue]) throws {
    try TokenForge.set(keys).write(to: file, options: .atomic)
  }

  private func server(_ options: [String] = []) throws -> HTTPServerProcess {
    try HTTPServerProcess(
      data, options: ["--tools", "all", "--auth", "oauth"] + options,
      environment: [
        "RECOLLECT_TOKEN_ISSUER": Self.issuer, "RECOLLECT_TOKEN_KEYS": file.path,
        "RECOLLECT_PUBLIC_URL": Self.resource, "RECOLLECT_IDENTITY_CLAIM": "email",
      ])
  }

  private static func claims(
    _ user: String, scope: String = "memory:read memory:write", lifetime: Double = 600
  ) -> [String: JSONValue] {
    let now = Date().timeIntervalSince1970
    return [
      "iss": .string(issuer), "aud": .string(resource), "sub": "a-number", "email": .string(user),
      "iat": .integer(Int64(now)), "exp": .integer(Int64(now + lifetime)), "scope": .string(scope),
    ]
  }

  private func token(
    _ claims: [String: JSONValue], _ key: TokenForge.Key? = nil, as id: String = "r1",
    header: [String: JSONValue] = [:]
  ) throws -> String {
    try TokenForge.token(claims, key ?? rsa, header: ["kid": .string(id)].merging(header) { $1 })
  }

  // MARK: Two identities

  @Test func `two identities with tokens see nothing of one another, whatever they try`() throws {
    let server = try server()
    let attack = try IsolationAttack(
      port: server.port, ana: try token(Self.claims("ana")),
      ben: try token(Self.claims("ben"), elliptic, as: "e1"))
    try attack.tryTools()
    try attack.tryResources()
    try attack.tryPrompts()
    try attack.trySessions()
    try attack.trySubscriptions()
    // The same user with the other key is the same user.
    let again = try WireClient(
      server.port, token: try token(Self.claims("ana"), elliptic, as: "e1"))
    #expect(try again.call("list_memories", ["limit": 1])["total"] == 114)
    #expect(server.end() == 0)
  }

  // MARK: What does not open

  @Test func `whatever is wrong with a token is answered with 401, and where to get one`()
    async throws
  {
    let server = try server()
    let ana = Self.claims("ana")
    func changed(_ change: (inout [String: JSONValue]) -> Void) throws -> String {
      var claims = ana
      change(&claims)
      return try token(claims)
    }
    let good = try token(ana)
    let parts = good.split(separator: ".").map(String.init)
    let later = JSONValue.integer(Int64(Date().timeIntervalSince1970) + 600)
    let unsigned = TokenForge.url(Data(#"{"alg":"none","kid":"r1"}"#.utf8))
    let bad: [(String, String)] = [
      ("expired", try token(Self.claims("ana", lifetime: -60))),
      ("of no end", try changed { $0["exp"] = nil }),
      ("not valid yet", try changed { $0["nbf"] = later }),
      ("for another audience", try changed { $0["aud"] = "https://other.lan/mcp" }),
      ("for the address itself", try changed { $0["aud"] = "http://127.0.0.1/mcp" }),
      ("of another issuer", try changed { $0["iss"] = "https://evil.lan" }),
      ("of nobody", try changed { $0["email"] = nil }),
      ("unsigned", "\(unsigned).\(parts[1])."),
      ("unsigned with a signature", "\(unsigned).\(parts[1]).\(parts[2])"),
      (
        "signed with what is public",
        try token(
          ana,
          try await TokenForge.hmac(
            TokenForge.url(
              try JSON.data(rsa.published(as: "r1")))))
      ),
      ("signed with another key of the set", try token(ana, elliptic, as: "r1")),
      ("signed with another key of its kind", try token(ana, try await TokenForge.otherRSA())),
      ("signed with an unknown key", try token(ana, as: "r9")),
      ("for another algorithm", try token(ana, rsa.pretending("RS384"))),
      ("too long", try changed { $0["more"] = .string(String(repeating: "x", count: 16_000)) }),
      ("garbage", "garbage"), ("dots", ".."), ("half", parts[0] + "." + parts[1]),
      ("a key that never was", "rk_" + String(repeating: "0", count: 64)),
    ]
    let client = try WireClient(server.port)
    for (what, text) in bad {
      client.token = text
      let refused = try client.ask("tools/list")
      #expect(refused.status == 401, "a token that is \(what) opens")
      let challenge = refused.field("www-authenticate") ?? ""
      #expect(challenge.hasPrefix("Bearer error=\"invalid_token\""), "\(what): \(challenge)")
      #expect(
        challenge.contains("resource_metadata=\"https://memory.lan\(Self.place)/memory/mcp\""))
      #expect(!refused.body.contains(text), "a token is told again")
      let stream = try client.old("ping")
      #expect(stream.status == 401, "a token that is \(what) opens")
    }
    client.token = nil
    #expect(
      try client.ask("tools/list").field("www-authenticate")
        == "Bearer resource_metadata=\"https://memory.lan\(Self.place)/memory/mcp\", "
        + "scope=\"memory:read\"")
    client.token = good
    #expect(try client.ask("tools/list").status == 200)
  }

  @Test func `scopes decide what may be done, and a refusal names what is missing`() throws {
    let server = try server()
    func ask(_ scope: String, _ tool: String, _ arguments: JSONValue = [:]) throws
      -> WireClient.Reply
    {
      let client = try WireClient(
        server.port, token: try token(Self.claims("ana", scope: scope)))
      return try client.ask("tools/call", ["name": .string(tool), "arguments": arguments])
    }
    for (scope, tool, missing) in [
      ("", "list_memories", "memory:read"), ("profile", "list_memories", "memory:read"),
      ("memory:read", "add_memory", "memory:read memory:write"),
      ("memory:read", "delete_memory", "memory:read memory:write"),
    ] {
      let refused = try ask(scope, tool, ["content": "x"])
      #expect(refused.status == 403, "\(scope) may \(tool)")
      let challenge = refused.field("www-authenticate") ?? ""
      #expect(challenge.hasPrefix("Bearer error=\"insufficient_scope\""))
      #expect(challenge.contains("scope=\"\(missing)\""), "\(challenge)")
    }
    #expect(try ask("memory:write", "add_memory", ["content": "of ana"]).status == 200)
    #expect(try ask("memory:read", "list_memories").body.contains("of ana"))
    // Whoever writes does not see others; an administrator does, by name.
    let other: JSONValue = ["user_id": "ben", "content": "of ben"]
    #expect(try ask("memory:write", "add_memory", other).result?["isError"] == true)
    #expect(try ask("admin", "add_memory", other).result?["isError"] == false)
    #expect(try ask("admin", "list_memories", ["user_id": "ben"]).body.contains("of ben"))
    #expect(try !ask("admin", "list_memories").body.contains("of ben"))
  }

  @Test func `a stream ends with the token that opened it`() throws {
    let server = try server()
    // Clocks may differ by half a minute, so this one has two seconds left.
    let client = try WireClient(
      server.port, token: try token(Self.claims("ana", lifetime: -28)))
    try client.post(
      WireClient.modern("subscriptions/listen", ["notifications": ["resourcesListChanged": true]]))
    try #require(try client.head().status == 200)
    let deadline = Date(timeIntervalSinceNow: 60)
    while try client.chunk() != nil { try #require(Date() < deadline, "the stream goes on") }
    #expect(try client.ask("tools/list").status == 401)
  }

  // MARK: Keys

  @Test func `keys are rotated while the server runs, and keys of its own go on opening it`()
    async throws
  {
    let made = try RecollectProcess().run([
      "keys", "create", "--user", "ana", "--json", "--data-directory", data.path,
    ])
    let own = try #require(try JSON.value(JSONValue.self, from: made.text)["key"]?.string)
    let server = try server()
    let client = try WireClient(server.port, token: try token(Self.claims("ana")))
    #expect(try client.call("add_memory", ["content": "of ana"])["outcome"] == "added")
    let next = try await TokenForge.otherRSA()
    try publish([next.published(as: "r2")])
    func status(_ token: String) throws -> Int {
      client.token = token
      return try client.ask("tools/list").status
    }
    let (old, new) = (try token(Self.claims("ana")), try token(Self.claims("ana"), next, as: "r2"))
    let deadline = Date(timeIntervalSinceNow: 60)
    while try (status(old), status(new)) != (401, 200) {
      try #require(Date() < deadline, "the keys are not taken up")
      try await Task.sleep(for: .milliseconds(100))
    }
    client.token = own
    #expect(try client.call("list_memories")["total"] == 1)
  }

  @Test func `a server of keys that is down is said to be, and holds nobody up`() throws {
    let server = try HTTPServerProcess(
      data, options: ["--auth", "oauth"],
      environment: [
        // Nobody listens there.
        "RECOLLECT_TOKEN_ISSUER": Self.issuer, "RECOLLECT_TOKEN_KEYS": "http://127.0.0.1:1/jwks",
        "RECOLLECT_PUBLIC_URL": Self.resource,
      ])
    let client = try WireClient(server.port, token: try token(Self.claims("ana")))
    for _ in 0..<20 {
      let refused = try client.ask("tools/list")
      #expect(refused.status == 503 && refused.field("retry-after") != nil)
    }
    client.token = "garbage"
    #expect(try client.ask("tools/list").status == 401)
  }

  @Test func `what does not go together ends the start and is named`() throws {
    for (options, environment, word) in [
      (["--auth", "oauth"], [:], "token_issuer"),
      (
        ["--auth", "oauth"],
        ["RECOLLECT_TOKEN_ISSUER": "x", "RECOLLECT_TOKEN_KEYS": "http://issuer.lan/x"], "https://"
      ),
      (
        ["--auth", "oauth"],
        ["RECOLLECT_TOKEN_ISSUER": "x", "RECOLLECT_TOKEN_KEYS": "/nowhere/x"], "/nowhere/x"
      ),
      (
        ["--auth", "oauth", "--user", "ana"],
        ["RECOLLECT_TOKEN_ISSUER": "x", "RECOLLECT_TOKEN_KEYS": file.path], "user"
      ),
    ] as [([String], [String: String], String)] {
      let outcome = try RecollectProcess().run(
        ["serve", "--http", "127.0.0.1:0", "--data-directory", data.path] + options,
        environment: environment)
      #expect(outcome.status == 2 && outcome.standardError.contains(word), "\(word)")
    }
  }

  // MARK: Metadata

  @Test func `metadata stands wherever a proxy may have put it, for pages of any origin`() throws {
    let server = try server()
    let client = try WireClient(server.port)
    func get(_ target: String) throws -> WireClient.Reply {
      try client.send(
        """
        GET \(target) HTTP/1.1\r\nHost: localhost\r\nOrigin: https://elsewhere.example\r\n\r\n
        """)
      return try client.reply()
    }
    for target in ["", "/mcp", "/memory/mcp"].flatMap({
      [Self.place + $0, "/memory" + Self.place + $0]
    }) {
      let document = try get(target)
      #expect(document.status == 200, "\(target)")
      #expect(document.field("access-control-allow-origin") == "*")
      #expect(document.field("content-type") == "application/json")
      #expect(document.json["resource"] == .string(Self.resource))
      #expect(document.json["authorization_servers"] == [.string(Self.issuer)])
      #expect(document.json["scopes_supported"] == ["memory:read", "memory:write", "admin"])
    }
    #expect(try get(Self.place + "/other").status == 404)
  }
}
#endif
