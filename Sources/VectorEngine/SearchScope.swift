/// Whom a row belongs to: a user, and perhaps one of the user's sessions.
///
/// Keys are compared byte for byte, not as texts that look the same.
public struct RowScope: Hashable, Sendable {
  /// The user's key. Any text.
  public var user: String
  /// The session's key, unique within the user; nil for rows outside any session.
  public var session: String?

  /// Names a user, or a session of a user.
  public init(user: String, session: String? = nil) {
    self.user = user
    self.session = session
  }

  /// Whether both name the same rows.
  public static func == (a: RowScope, b: RowScope) -> Bool {
    ByteKey(a.user) == ByteKey(b.user) && a.session.map(ByteKey.init) == b.session.map(ByteKey.init)
  }

  /// Hashes the bytes of the keys.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(ByteKey(user))
    hasher.combine(session.map(ByteKey.init))
  }
}

/// Where a search looks. Nothing outside a scope is ever considered for it, so its cost follows what the
/// scope holds and not the total.
public enum SearchScope: Sendable {
  /// Every row of every user.
  case everything
  /// All rows of one user.
  case user(String)
  /// All rows of several users.
  case users([String])
  /// One session of one user.
  case session(user: String, session: String)
  /// Several sessions, also of several users.
  case sessions([RowScope])
}

extension SearchScope: Hashable {
  /// Whether both look in the same place, named in the same order.
  public static func == (a: SearchScope, b: SearchScope) -> Bool {
    switch (a, b) {
    case (.everything, .everything): true
    case (.user(let a), .user(let b)): ByteKey(a) == ByteKey(b)
    case (.users(let a), .users(let b)): a.map(ByteKey.init) == b.map(ByteKey.init)
    case (.session(let a, let s), .session(let b, let t)):
      RowScope(user: a, session: s) == RowScope(user: b, session: t)
    case (.sessions(let a), .sessions(let b)): a == b
    default: false
    }
  }

  /// Hashes the bytes of the keys.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .everything: hasher.combine(0)
    case .user(let user): hasher.combine(ByteKey(user))
    case .users(let users): hasher.combine(users.map(ByteKey.init))
    case .session(let user, let session): hasher.combine(RowScope(user: user, session: session))
    case .sessions(let scopes): hasher.combine(scopes)
    }
  }
}
