import Synchronization

/// The terms of all users' rows, for searching by word inside one user or one of its sessions.
///
/// A writer changes it row by row; a search looks at a `LexicalSnapshot`, which no write changes.
/// Rows lie by user, then by session, in chunks of 256, and a snapshot shares them: the first
/// write to a session after a snapshot copies one chunk, that session's list of chunks and a few
/// small nodes on the way to it, whatever the user and the collection hold. Without a snapshot
/// nothing is copied.
///
/// All of it is in memory and derived from texts that are kept elsewhere. Writers exclude each
/// other in turns of at most 256 rows, and taking a snapshot waits for one such turn.
package final class LexicalCollection: Sendable {
  private struct State {
    var users = HashTrie<ExactKey, UserRows>()
    /// Only writers look a row up by its id, so snapshots do without.
    var places: [UInt64: RowPlace] = [:]
  }

  /// How many removals are made before others get their turn.
  private static let removalsPerTurn = 256

  private let table = TermTable()
  private let state = Mutex(State())

  package init() {}

  /// Stores the terms of a row, in place of those that had the same id, wherever they were.
  ///
  /// A row without terms is never found but counts in the statistics of its scope.
  ///
  /// - Parameters:
  ///   - id: unique in the whole collection.
  ///   - session: nil for a row that only a search of the user finds.
  /// - Complexity: O(terms), and one chunk to copy after a snapshot.
  package func upsert(_ row: LexicalRow, id: UInt64, user: String, session: String?) {
    let terms = table.terms(of: row)
    let userKey = ExactKey(user)
    let sessionKey = session.map { ExactKey($0) }
    state.withLock { state in
      Self.remove(id, from: &state)
      state.places[id] = state.users.withValue(of: userKey) { slot in
        var rows = slot.take() ?? UserRows(user: userKey)
        let place = rows.append(terms, id: id, session: sessionKey)
        slot = rows
        return place
      }
    }
  }

  /// Removes rows; ids that are not there are passed over.
  ///
  /// A long list is worked off in turns, so that searches need not wait for all of it: a snapshot
  /// that is taken meanwhile sees a part of the removals.
  ///
  /// - Complexity: O(ids), and one chunk to copy for each session touched after a snapshot.
  package func remove(ids: [UInt64]) {
    var rest = ids[...]
    while !rest.isEmpty {
      let turn = rest.prefix(Self.removalsPerTurn)
      rest = rest.dropFirst(turn.count)
      state.withLock { state in
        for id in turn { Self.remove(id, from: &state) }
      }
    }
  }

  /// What the collection holds now, as a value that stays as it is.
  ///
  /// - Complexity: O(1).
  package func snapshot() -> LexicalSnapshot {
    state.withLock { LexicalSnapshot(count: $0.places.count, users: $0.users, table: table) }
  }

  /// The ids of all rows.
  package var ids: [UInt64] { state.withLock { Array($0.places.keys) } }

  /// What is kept of rows, each nil when there is none, and the terms that their numbers mean.
  func stored(_ ids: [UInt64]) -> (rows: [RowTerms?], terms: [String]) {
    let rows = state.withLock { state in
      ids.map { id in
        state.places[id].flatMap { place in
          state.users[place.user]?.sessions[place.session]?.terms(at: place.position)
        }
      }
    }
    return (rows, table.terms)
  }

  private static func remove(_ id: UInt64, from state: inout State) {
    guard let place = state.places.removeValue(forKey: id) else { return }
    var moves: [(UInt64, RowPlace)] = []
    state.users.withValue(of: place.user) { slot in
      guard var rows = slot.take() else { preconditionFailure("a row without its user") }
      rows.remove(at: place) { moves.append(($0, $1)) }
      if !rows.living.isEmpty { slot = rows }
    }
    for (moved, place) in moves { state.places[moved] = place }
  }
}
