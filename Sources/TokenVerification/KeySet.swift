#if OAuth
internal import Foundation
internal import JWTKit
internal import Records

/// The keys of the authorization server, fetched when they are needed and kept for a while.
actor KeySet {
  /// What verifies signatures, by the algorithm it is for.
  private typealias Verifiers = [String: [(id: String?, verifier: any JWTAlgorithm)]]

  private let source: KeySource
  private let pause: Duration
  private let log: @Sendable (String) -> Void
  private var text = Data()
  private var verifiers: Verifiers = [:]
  private var fetchedAt: ContinuousClock.Instant?
  private var triedAt: ContinuousClock.Instant?
  /// Why the last attempt failed; nil when it did not.
  private var failure: KeySource.Failure?
  private var attempt: Task<Void, Never>?

  /// Keys that cannot be fetched again go on for so long.
  private static let longestLife = Duration.seconds(24 * 3600)

  /// - Parameter pause: the time between two attempts at least; the source's own when nil.
  init(_ source: KeySource, pause: Duration?, log: @escaping @Sendable (String) -> Void) {
    self.source = source
    self.pause = pause ?? source.pause
    self.log = log
  }

  /// What verifies a signature with the keys of this id: nearly always one, none when there is no such
  /// key, several while an issuer publishes one id twice.
  ///
  /// Keys are waited for, but by nobody after an attempt that failed: a server of keys that is dead
  /// must not keep those waiting whose keys are known, nor those whom it will not help.
  ///
  /// - Parameter id: as the token names it; without one only a single key is meant for certain.
  /// - Throws: when there are no keys at all.
  func candidates(
    _ id: String?, _ algorithm: String
  ) async throws(KeySource.Failure) -> [any JWTAlgorithm] {
    let isOld = fetchedAt.map { ContinuousClock.now - $0 > source.life } ?? true
    if isOld { await refresh() }
    let known = known(id, algorithm)
    if !known.isEmpty { return known }
    await refresh()
    guard fetchedAt != nil else { throw failure ?? KeySource.Failure(reason: "it was not fetched") }
    return self.known(id, algorithm)
  }

  private func known(_ id: String?, _ algorithm: String) -> [any JWTAlgorithm] {
    let fitting = verifiers[algorithm, default: []].filter { id == nil || $0.id == id }
    return id == nil && fitting.count > 1 ? [] : fitting.map(\.verifier)
  }

  // MARK: Fetching

  /// Joins the attempt that is under way, or begins one if the last is long enough ago.
  private func refresh() async {
    let hasFailed = failure != nil
    if attempt == nil {
      let now = ContinuousClock.now
      if let triedAt, now - triedAt < pause { return }
      triedAt = now
      attempt = Task { await fetch(now) }
    }
    if !hasFailed { await attempt?.value }
  }

  private func fetch(_ now: ContinuousClock.Instant) async {
    defer { attempt = nil }
    do throws(KeySource.Failure) {
      let text = try await source.fetch()
      if text != self.text || fetchedAt == nil {
        verifiers = try await Self.read(text)
        self.text = text
      }
      fetchedAt = now
      failure = nil
    } catch {
      if error != failure { log("The key set of token_keys: \(error.reason).") }
      failure = error
      // Old keys are better than none, for a while.
      if let fetchedAt, now - fetchedAt < Self.longestLife { return }
      verifiers = [:]
      fetchedAt = nil
    }
  }

  // MARK: Reading

  /// The keys of a set that verify signatures; what is not understood is passed over, one by one.
  private static func read(_ text: Data) async throws(KeySource.Failure) -> Verifiers {
    guard let list = try? JSONTextReader.value(of: Array(text))["keys"]?.array else {
      throw KeySource.Failure(reason: "it has no list of keys")
    }
    var verifiers: Verifiers = [:]
    for entry in list {
      guard let key = key(entry) else { continue }
      for algorithm in TokenRules.algorithms.keys where fits(key, algorithm) {
        guard let verifier = await verifier(key, algorithm) else { continue }
        verifiers[algorithm, default: []].append((key.keyIdentifier?.string, verifier))
      }
    }
    return verifiers
  }

  private static func key(_ entry: JSONValue) -> JWK? {
    guard var members = entry.object, members["use"] == nil || members["use"] == "sig",
      members["key_ops"] == nil || members["key_ops"]?.array?.contains("verify") == true
    else { return nil }
    // A private key has no business here, and is not needed.
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] { members[name] = nil }
    return (try? JSON.text(members)).flatMap { try? JWK(json: $0) }
  }

  /// Whether a key is one of the algorithm's: of its kind, on its curve, and not published for another.
  private static func fits(_ key: JWK, _ algorithm: String) -> Bool {
    guard let wanted = TokenRules.algorithms[algorithm] else { return false }
    if let own = key.algorithm, own.rawValue != algorithm { return false }
    return key.keyType.rawValue == wanted.type && key.curve?.rawValue == wanted.curve
  }

  /// Nil for a key that is none: too short, not on its curve, or damaged.
  private static func verifier(_ key: JWK, _ algorithm: String) async -> (any JWTAlgorithm)? {
    var key = key
    let name = JWKIdentifier(string: key.keyIdentifier?.string ?? "")
    key.keyIdentifier = name
    key.algorithm = JWK.Algorithm(rawValue: algorithm)
    // A collection of one key: with more, an unknown id would fall back to some other.
    let collection = JWTKeyCollection()
    guard (try? await collection.add(jwk: key)) != nil else { return nil }
    return try? await collection.getKey(for: name, alg: algorithm)
  }
}
#endif
