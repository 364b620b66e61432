/// Where a search looks: never further than one user.
package enum LexicalScope: Hashable, Sendable {
  /// All rows of a user, with and without a session.
  case user(String)
  /// The rows of one session of one user.
  case session(user: String, session: String)
  /// The rows of several sessions of one user.
  case sessions(user: String, sessions: [String])

  var user: String {
    switch self {
    case .user(let user), .session(let user, _), .sessions(let user, _): user
    }
  }
}

/// A row that holds at least one of the terms that were looked for, or stands beside one that does.
package struct LexicalMatch: Hashable, Sendable {
  package let id: UInt64
  /// How much of the query the row holds by BM25: above 0 and below 1.
  package let score: Double

  package init(id: UInt64, score: Double) {
    self.id = id
    self.score = score
  }

  /// The order of results: the higher score first, and of equal scores the higher id, which is the
  /// newer row.
  package static func isBefore(_ left: LexicalMatch, _ right: LexicalMatch) -> Bool {
    left.score == right.score ? left.id > right.id : left.score > right.score
  }
}

/// The size of a scope.
package struct LexicalStatistics: Hashable, Sendable {
  /// How many rows live in the scope.
  package let rows: Int
  /// The mean number of terms of those rows, repetitions included; 0 without rows.
  package let meanLength: Double
  /// How many rows a search of the scope passes, dead ones included; at most `2 * rows`.
  package let storedRows: Int
}
