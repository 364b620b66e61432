package import Records
internal import Retrieval

extension MemoryService {
  /// Every user that has stored something, by name.
  ///
  /// - Throws: `forbidden` for a caller who is bound to one user.
  package func users(caller: Caller) throws -> [UserID] {
    let leave = try Authority.administration(for: caller)
    return try backend.read { try $0.users(leave) }
  }

  /// Deletes everything of a user, so that no byte of it stays in any file; returns how many memories
  /// there were, nil when there is no such user.
  ///
  /// - Throws: `not_found` for a bound caller who names anybody else; `unavailable` when a reader
  ///   keeps old pages in use.
  package func forget(_ user: UserID, caller: Caller) throws -> Int? {
    let scope = try Authority.scope(of: user, for: caller)
    let isKnown = try backend.read { reader in
      try reader.users(Authority.maintenance).contains(user)
    }
    // Last, so that no search in between is remembered; also when erasing is to be done again.
    defer { embedding.forget(user) }
    // Erased even when unknown: an earlier attempt may have left pages in the log.
    let deleted = try backend.erase(scope)
    return isKnown ? deleted : nil
  }
}
