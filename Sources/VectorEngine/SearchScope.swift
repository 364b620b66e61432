/// Whom a row belongs to: a user, and perhaps one of the user's sessions.
public struct RowScope: Hashable, Sendable {
  /// The user's key. Any text; compared in full.
  public var user: String
  /// The session's key, unique within the user; nil for rows outside any session.
  public var session: String?

  /// Names a user, or a session of a user.
  public init(user: String, session: String? = nil) {
    self.user = user
    self.session = session
  }
}

/// Where a search looks. Nothing outside a scope is ever read for it, so its cost follows what the
/// scope holds and not the total.
public enum SearchScope: Hashable, Sendable {
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
