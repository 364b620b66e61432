package import Foundation
package import MCPServer
package import Records
internal import Synchronization
internal import VectorKernels

/// The keys that let callers in over HTTP: `keys.json` in the data directory, which holds no key, only
/// what recognises it.
///
/// A key is 256 random bits, so one round of SHA-256 is enough: there is nothing to guess.
package final class KeyRing: Authenticator {
  private struct Known {
    /// What the file looked like when it was read; nil when there was none.
    var mark: FileMark?
    var identities: [String: Identity] = [:]
    var isReadable = true
    var looked: ContinuousClock.Instant?
  }

  private let file: StoredKeys
  private let known = Mutex(Known())

  /// How long a look at the file is good for; far below the second in which a revoked key must stop.
  static let patience = Duration.milliseconds(200)

  /// - Parameter directory: the data directory.
  package init(directory: URL) { file = StoredKeys(directory: directory) }

  package var isOpen: Bool { false }
  package var metadata: ProtectedResource? { nil }

  package func identity(for token: String?) throws(CredentialsRefusal) -> Identity {
    guard let token else { throw .missing }
    guard StoredKey.looksLikeKey(token) else { throw .invalid("This is not a key of this server.") }
    let digest = StoredKey.digest(token)
    let found = known.withLock { known -> Result<Identity?, CredentialsRefusal> in
      refresh(&known)
      guard known.isReadable else {
        return .failure(.unavailable("The keys cannot be read at the moment."))
      }
      return .success(known.identities[digest])
    }
    guard let identity = try found.get() else {
      throw .invalid("The key is unknown, or has been revoked.")
    }
    return identity
  }

  private func refresh(_ known: inout Known) {
    let now = ContinuousClock.now
    if let looked = known.looked, now - looked < Self.patience { return }
    known.looked = now
    let mark = file.mark
    guard mark != known.mark || !known.isReadable || mark == nil else { return }
    do {
      let keys = try file.read()
      known.identities = Dictionary(
        keys.filter { $0.revokedAt == nil }.map { ($0.sha256, $0.identity) }
      ) { first, _ in first }
      known.isReadable = true
      known.mark = mark
    } catch {
      // A file that cannot be read lets nobody in.
      known.identities = [:]
      known.isReadable = false
    }
  }
}

/// A key as the file has it.
package struct StoredKey: Hashable, Sendable, Codable {
  /// What it is called by whoever revokes it.
  package let id: String
  package let name: String
  /// Of the whole key, in hexadecimal digits.
  package let sha256: String
  /// The one user whose key it is; absent for an administrator.
  package let user: UserID?
  /// Whether it only reads.
  package let readOnly: Bool
  package let createdAt: Timestamp
  package var revokedAt: Timestamp?

  private enum CodingKeys: String, CodingKey {
    case id, name, sha256, user
    case readOnly = "read_only"
    case createdAt = "created_at"
    case revokedAt = "revoked_at"
  }

  var identity: Identity {
    var access: Access = readOnly ? .read : [.read, .write]
    if user == nil { access.insert(.administer) }
    return Identity(
      caller: user.map(Caller.bound) ?? .unbound(default: nil), access: access,
      credential: "key:\(id)")
  }

  private static let prefix = "rk_"

  /// A new key, which is stored nowhere.
  static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    return prefix + (0..<4).map { _ in hexadecimal(generator.next()) }.joined()
  }

  static func makeID() -> String {
    var generator = SystemRandomNumberGenerator()
    return "k" + hexadecimal(generator.next()).prefix(8)
  }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Whether a token has the form of a key; others are not worth a hash.
  package static func looksLikeKey(_ token: String) -> Bool {
    token.hasPrefix(prefix) && token.utf8.count == prefix.utf8.count + 64
  }

  static func digest(_ key: String) -> String {
    let bytes = Array(key.utf8)
    return SHA256.hexadecimalDigest(of: bytes.span)
  }
}
