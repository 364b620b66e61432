#if OAuth
internal import Foundation
internal import JWTKit
internal import Records

/// The keys of the authorization server, fetched when they are needed and kept for a while.
actor KeySet {
  private let source: KeySource
  private var keys: [JWK] = []
  private var fetchedAt: ContinuousClock.Instant?
  private var triedAt: ContinuousClock.Instant?
  private var verifiers: [String: JWTKeyCollection] = [:]

  /// Keys are fetched again after this, so that a key that was withdrawn stops.
  private static let life = Duration.seconds(300)
  /// Keys that cannot be fetched again go on for so long.
  private static let longestLife = Duration.seconds(24 * 3600)
  /// A token with a key that is not known makes them be fetched, but not more often than this.
  private let pause: Duration

  init(_ source: KeySource, pause: Duration = .seconds(10)) {
    self.source = source
    self.pause = pause
  }

  /// What verifies a signature with the key of this id; nil when there is no such key.
  ///
  /// - Throws: `KeySource.Failure` when there are no keys at all.
  func verifier(_ id: String?, _ algorithm: String) async throws -> JWTKeyCollection? {
    let now = ContinuousClock.now
    let isOld = fetchedAt.map { now - $0 > Self.life } ?? true
    if isOld || key(id, algorithm) == nil { try await refresh(now) }
    guard let key = key(id, algorithm) else { return nil }
    let name = "\(algorithm) \(id ?? "")"
    if let known = verifiers[name] { return known }
    // A collection of one key: with more, an unknown id would fall back to some other.
    let collection = JWTKeyCollection()
    // A key that the algorithm has no use for is none of its keys.
    guard (try? await collection.add(jwk: key)) != nil else { return nil }
    verifiers[name] = collection
    return collection
  }

  private func key(_ id: String?, _ algorithm: String) -> JWK? {
    let fitting = keys.filter { key in
      (id == nil || key.keyIdentifier?.string == id) && Self.fits(key, algorithm)
    }
    // Without an id only a single key is meant for certain.
    guard fitting.count == 1, var key = fitting.first else { return nil }
    key.algorithm = JWK.Algorithm(rawValue: algorithm)
    if key.keyIdentifier == nil { key.keyIdentifier = "only" }
    return key
  }

  /// Whether a key is one of the algorithm's, and was not published for another.
  private static func fits(_ key: JWK, _ algorithm: String) -> Bool {
    if let own = key.algorithm, own.rawValue != algorithm { return false }
    return switch algorithm.prefix(2) {
    case "RS", "PS": key.keyType.rawValue == "RSA"
    case "ES": key.keyType.rawValue == "EC"
    default: key.keyType.rawValue == "OKP"
    }
  }

  private func refresh(_ now: ContinuousClock.Instant) async throws {
    if let triedAt, now - triedAt < pause { return try complain(now, nil) }
    triedAt = now
    do {
      keys = try Self.read(try await source.fetch())
      verifiers = [:]
      fetchedAt = now
    } catch {
      try complain(now, error)
    }
  }

  /// Old keys are better than none, for a while.
  private func complain(_ now: ContinuousClock.Instant, _ error: (any Error)?) throws {
    if let fetchedAt, now - fetchedAt < Self.longestLife { return }
    keys = []
    throw error ?? KeySource.Failure(reason: "the key set cannot be had at the moment")
  }

  /// The keys of a set that verify signatures; what is not understood is passed over, one by one.
  private static func read(_ data: Data) throws -> [JWK] {
    let text = String(decoding: data, as: UTF8.self)
    guard let list = try JSON.value(JSONValue.self, from: text)["keys"]?.array else {
      throw KeySource.Failure(reason: "the key set has no keys")
    }
    return list.compactMap { entry in
      guard var members = entry.object, members["use"] == nil || members["use"] == "sig" else {
        return nil
      }
      // A private key has no business here, and is not needed.
      for name in ["d", "p", "q", "dp", "dq", "qi", "k"] { members[name] = nil }
      return (try? JSON.text(members)).flatMap { try? JWK(json: $0) }
    }
  }
}
#endif
