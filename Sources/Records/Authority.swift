/// Who is asking.
package enum Caller: Hashable, Sendable {
  /// A caller whose identity is bound to one user: a key, a token, `serve --user U`.
  case bound(UserID)
  /// A caller who may name any user; the default is whom it means when it names none.
  case unbound(default: UserID?)
}

/// Where a read or write may look: the rows of one user, or of one session of that user.
///
/// A scope is a wall, and it is only made here, by `Authority`: nothing else in the program can name
/// a user's rows.
package struct Scope: Hashable, Sendable {
  package let user: UserID
  package let session: SessionID?

  fileprivate init(user: UserID, session: SessionID?) {
    self.user = user
    self.session = session
  }

  /// Everything of the same user.
  package var wholeUser: Scope { Scope(user: user, session: nil) }
}

/// Leave to read about all users at once; made only by `Authority.administration`.
package struct AdministrativeScope: Hashable, Sendable {
  fileprivate init() {}
}

/// Whom a record belongs to.
package struct Owner: Hashable, Sendable {
  package let user: UserID
  package let session: SessionID?

  package init(user: UserID, session: SessionID?) {
    self.user = user
    self.session = session
  }
}

/// The only door from ids to data.
package enum Authority {
  /// The scope of a user who is named directly, or of the caller's own.
  ///
  /// - Throws: `not_found` when a bound caller names anybody else, whether that user exists or not;
  ///   `invalid_argument` when nobody is named and there is no default.
  package static func scope(of user: UserID?, for caller: Caller) throws(ServiceError) -> Scope {
    switch caller {
    case .bound(let own):
      guard user == nil || user == own else { throw .notFound("user", field: "user_id") }
      return Scope(user: own, session: nil)
    case .unbound(let fallback):
      guard let user = user ?? fallback else { throw .invalid("user_id", "is required") }
      return Scope(user: user, session: nil)
    }
  }

  /// The scope of the session with this id.
  ///
  /// A foreign id and an unknown one take the same path and get the same answer.
  ///
  /// - Parameter owner: looks up whom the id belongs to.
  /// - Throws: `not_found`, and what the look-up throws.
  package static func resolve(
    _ id: SessionID, for caller: Caller, user: UserID?, owner: (SessionID) throws -> Owner?
  ) throws -> Scope {
    let found = permitted(try owner(id), to: caller, user: user)
    guard let found else { throw ServiceError.notFound("session", field: "session_id") }
    return Scope(user: found.user, session: id)
  }

  /// The scope of the user whom the memory with this id belongs to, or nil when the caller has no
  /// such memory.
  ///
  /// - Throws: `not_found` when a bound caller names anybody else, and what the look-up throws.
  package static func resolve(
    _ id: MemoryID, for caller: Caller, user: UserID?, owner: (MemoryID) throws -> Owner?
  ) throws -> Scope? {
    // Naming somebody else is refused whatever the id, as with every other verb.
    if case .bound = caller { _ = try scope(of: user, for: caller) }
    return permitted(try owner(id), to: caller, user: user).map {
      Scope(user: $0.user, session: nil)
    }
  }

  /// Leave to read about all users at once.
  ///
  /// - Throws: `forbidden` for a caller who is bound to one user.
  package static func administration(for caller: Caller) throws(ServiceError) -> AdministrativeScope
  {
    switch caller {
    case .bound: throw ServiceError(.forbidden, "This needs an administrator's identity.")
    case .unbound: return AdministrativeScope()
    }
  }

  /// Leave for the program's own work that nobody asked for: sweeping, making missing vectors,
  /// storing what searches touched. None of it is shown to anybody.
  package static let maintenance = AdministrativeScope()

  private static func permitted(_ owner: Owner?, to caller: Caller, user: UserID?) -> Owner? {
    guard let owner else { return nil }
    if let user, user != owner.user { return nil }
    if case .bound(let own) = caller, own != owner.user { return nil }
    return owner
  }
}
