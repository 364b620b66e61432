/// The rows of one user, by session.
struct UserRows: Sendable {
  let user: ExactKey
  private(set) var sessions = HashTrie<ExactKey?, SessionRows>()
  private(set) var living = RowTotals()

  init(user: ExactKey) {
    self.user = user
  }

  /// Appends a row to a session, which begins with it if need be, and returns where it lies.
  mutating func append(_ terms: RowTerms, id: UInt64, session: ExactKey?) -> RowPlace {
    living.add(length: terms.length)
    return sessions.withValue(of: session) { slot in
      var rows = slot.take() ?? SessionRows(session: session)
      let position = rows.append(terms, id: id)
      // The stored names, so that all rows of a session share them.
      let place = RowPlace(user: user, session: rows.session, position: position)
      slot = rows
      return place
    }
  }

  /// Removes the row at a place, and tells `moved` of rows that now lie elsewhere.
  mutating func remove(at place: RowPlace, moved: (UInt64, RowPlace) -> Void) {
    sessions.withValue(of: place.session) { slot in
      guard var rows = slot.take() else { preconditionFailure("a row without its session") }
      let before = rows.living.length
      rows.remove(at: place.position) { id, position in
        moved(id, RowPlace(user: place.user, session: place.session, position: position))
      }
      living.remove(length: before - rows.living.length)
      if !rows.living.isEmpty { slot = rows }
    }
  }
}

/// Where a row lies in a collection.
struct RowPlace: Sendable {
  let user: ExactKey
  let session: ExactKey?
  let position: RowPosition
}
