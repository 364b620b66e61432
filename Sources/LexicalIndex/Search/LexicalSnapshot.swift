/// What a `LexicalCollection` held at one moment, to be searched by any number of threads.
package struct LexicalSnapshot: Sendable {
  /// How many rows there are, of all users.
  package let count: Int
  private let users: HashTrie<ExactKey, UserRows>
  private let table: TermTable

  init(count: Int, users: HashTrie<ExactKey, UserRows>, table: TermTable) {
    self.count = count
    self.users = users
    self.table = table
  }

  /// The best rows of a scope by BM25, the best first; equal scores by descending id.
  ///
  /// A row of a session is read together with the four before and behind it, each counting the less
  /// the further it is; so a row can be found that holds no term itself. The statistics (number of
  /// rows, rows with the term, mean length) are those of all living rows of the scope: what other
  /// users or sessions say changes nothing. Rows that `allowing` turns down are no results but still
  /// count in the statistics and for those around them, so that a filter does not change the scores
  /// of what it lets through. A score depends on the set of terms and the rows of the scope alone, bit
  /// for bit, not on the order in which either came.
  ///
  /// - Parameters:
  ///   - terms: see `TextAnalyzer`; a repeated term counts once.
  ///   - count: how many rows are wanted at most; all matches if there are no more. Not negative.
  ///   - holdingTerms: whether only rows that hold a term themselves are wanted.
  ///   - allowing: which rows may be results; asked once for each that could be one.
  /// - Complexity: O(stored terms of the scope + matches × (distinct terms + log `count`)).
  package func search(
    terms: [String], scope: LexicalScope, count: Int, holdingTerms: Bool = false,
    allowing: ((UInt64) -> Bool)? = nil
  ) -> LexicalRanking {
    search(
      LexicalQuery(terms: terms), scope: scope, count: count, holdingTerms: holdingTerms,
      allowing: allowing)
  }

  /// The same for the words of a text in whatever language.
  package func search(
    _ query: LexicalQuery, scope: LexicalScope, count: Int, holdingTerms: Bool = false,
    allowing: ((UInt64) -> Bool)? = nil
  ) -> LexicalRanking {
    precondition(count >= 0, "a number of results is not negative")
    return LexicalRanking(
      scan(terms(of: query), scope), count: count, holdingTerms: holdingTerms, allowing: allowing)
  }

  private func scan(_ query: QueryTerms, _ scope: LexicalScope) -> ScopeScan {
    var scan = ScopeScan(rankCount: query.rankCount)
    withSessions(of: scope) { _, sessions in
      for session in sessions { scan.read(session, query) }
    }
    return scan
  }

  /// What stands for the terms of a query here.
  func terms(of query: LexicalQuery) -> QueryTerms {
    QueryTerms(
      numbers: query.terms(in: table.languages).map { table.numbers(of: $0).compactMap(\.self) })
  }

  /// The rows of a user.
  func rows(of user: String) -> UserRows? { users[ExactKey(user)] }

  /// How rare each of the terms is in a scope: its inverse document frequency there, above 0.
  ///
  /// - Complexity: O(stored terms of the scope).
  package func rarities(of terms: [String], scope: LexicalScope) -> [String: Double] {
    let query = LexicalQuery(terms: terms)
    let rarities = scan(self.terms(of: query), scope).rarities
    return Dictionary(uniqueKeysWithValues: zip(Set(terms).sorted(), rarities))
  }

  /// The size of a scope; all zero if there is no such user or session.
  ///
  /// - Complexity: O(chunks of the scope).
  package func statistics(of scope: LexicalScope) -> LexicalStatistics {
    var statistics = LexicalStatistics(rows: 0, meanLength: 0, storedRows: 0)
    withSessions(of: scope) { living, sessions in
      let stored = sessions.flatMap(\.chunks).reduce(0) { $0 + $1.heads.count }
      statistics = LexicalStatistics(
        rows: living.rows, meanLength: living.meanLength, storedRows: stored)
    }
    return statistics
  }

  /// The only way to rows: what is not of the scope's user never gets here.
  private func withSessions(of scope: LexicalScope, _ body: (RowTotals, [SessionRows]) -> Void) {
    switch scope {
    case .user(let user):
      guard let rows = users[ExactKey(user)] else { return }
      var sessions: [SessionRows] = []
      rows.sessions.forEachValue { sessions.append($0) }
      body(rows.living, sessions)
    case .session(let user, let session):
      guard let rows = users[ExactKey(user)]?.sessions[ExactKey(session)] else { return }
      body(rows.living, [rows])
    case .sessions(let user, let sessions):
      guard let rows = users[ExactKey(user)] else { return }
      let found = Set(sessions.map { ExactKey($0) }).compactMap { rows.sessions[$0] }
      guard !found.isEmpty else { return }
      body(found.reduce(into: RowTotals()) { $0.add($1.living) }, found)
    }
  }
}
