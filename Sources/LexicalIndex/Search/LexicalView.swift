import VectorEngine

/// The terms of all rows as of one moment: those of sealed files in place, those of later rows in memory.
///
/// It finds what a `LexicalSnapshot` of all these rows finds, bit for bit: both read a scope's rows into
/// the same `ScopeScan`, session by session in the order of ids, and only then score.
package struct LexicalView: Sendable {
  private let sealed: VectorSnapshot?
  private let recent: LexicalSnapshot

  /// - Parameters:
  ///   - sealed: a collection whose files have sections of terms; nil when there is none.
  ///   - recent: the terms of those rows of it that are not sealed.
  package init(sealed: VectorSnapshot?, recent: LexicalSnapshot) {
    self.sealed = sealed
    self.recent = recent
  }

  /// How many rows there are, of all users.
  package var count: Int { sealed?.count ?? recent.count }

  /// The best rows of a scope by BM25; see `LexicalSnapshot.search`.
  ///
  /// - Complexity: O(stored terms of the scope + files × terms × log distinct terms of a file + matches ×
  ///   (distinct terms + log `count`)).
  /// - Throws: `corrupt`.
  package func search(
    _ query: LexicalQuery, scope: LexicalScope, count: Int, holdingTerms: Bool = false,
    allowing: ((UInt64) -> Bool)? = nil
  ) throws(EngineError) -> LexicalRanking {
    precondition(count >= 0, "a number of results is not negative")
    return LexicalRanking(
      try scan(query, scope), count: count, holdingTerms: holdingTerms, allowing: allowing)
  }

  /// Which share of a query's words each of some texts holds, words weighing more the rarer they are in a
  /// scope; 0 for a query without words.
  ///
  /// - Throws: `corrupt`.
  package func coverage(
    of query: LexicalQuery, by texts: [String], scope: LexicalScope
  ) throws(EngineError) -> [Double] {
    let rarities = try scan(query, scope).rarities
    let total = rarities.reduce(0, +)
    guard total > 0 else { return texts.map { _ in 0 } }
    return texts.map { text in
      zip(query.held(by: text), rarities).reduce(0) { $0 + ($1.0 ? $1.1 : 0) } / total
    }
  }

  // MARK: Reading a scope

  /// A sealed file as a query sees it.
  private final class Source {
    let user: SealedUser
    let section: TermSection
    let terms: QueryTerms

    init(_ user: SealedUser, _ section: TermSection, _ terms: QueryTerms) {
      self.user = user
      self.section = section
      self.terms = terms
    }
  }

  /// Reads the rows of a scope; the only way to them: what is not of the scope's user never gets here.
  private func scan(
    _ query: LexicalQuery, _ scope: LexicalScope
  ) throws(EngineError) -> ScopeScan {
    let sources = try sources(query, scope.user)
    let recent = recent.rows(of: scope.user)
    let terms = recent == nil ? QueryTerms(numbers: []) : self.recent.terms(of: query)
    var scan = ScopeScan(rankCount: query.count)
    switch scope {
    case .user:
      var walk = SessionWalk(sources.map(\.user), recent)
      while try walk.findNext() {
        for place in walk.found where place < sources.count {
          let source = sources[place]
          try scan.read(walk.rows(of: place), of: source.section, source.terms)
        }
        if walk.found.last == sources.count, let rows = walk.recent { scan.readPart(rows, terms) }
        scan.endSection(isSession: walk.isSession)
        walk.takeFound()
      }
    case .session(_, let session):
      try read([ExactKey(session)], sources, recent, terms, &scan)
    case .sessions(_, let sessions):
      try read(Set(sessions.map { ExactKey($0) }), sources, recent, terms, &scan)
    }
    return scan
  }

  private func read(
    _ sessions: Set<ExactKey>, _ sources: [Source], _ recent: UserRows?, _ terms: QueryTerms,
    _ scan: inout ScopeScan
  ) throws(EngineError) {
    for session in sessions {
      for source in sources {
        guard let rows = try source.user.rows(ofSession: session.name) else { continue }
        try scan.read(rows, of: source.section, source.terms)
      }
      if let rows = recent?.sessions[session] { scan.readPart(rows, terms) }
      scan.endSection(isSession: true)
    }
  }

  private func sources(
    _ query: LexicalQuery, _ user: String
  ) throws(EngineError) -> [Source] {
    guard let sealed else { return [] }
    let places = try sealed.sealedRows(of: user)
    guard !places.isEmpty else { return [] }
    // Most files have the same languages: English alone.
    var known: [UInt64: [[[UInt8]]]] = [:]
    var sources: [Source] = []
    for place in places {
      let section = try TermSection(place.segment)
      let languages = section.layout.languages
      let terms =
        known[languages.rawValue] ?? query.terms(in: languages).map { $0.map(TermBytes.of) }
      known[languages.rawValue] = terms
      var numbers: [[UInt32]] = []
      for word in terms {
        var found: [UInt32] = []
        for term in word {
          if let number = try section.number(of: term) { found.append(number) }
        }
        numbers.append(found)
      }
      sources.append(Source(place, section, QueryTerms(numbers: numbers)))
    }
    return sources
  }
}
