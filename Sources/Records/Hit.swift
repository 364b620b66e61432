/// How candidates are found and scored.
package enum RetrievalStrategy: String, CaseIterable, Sendable, Codable {
  /// By meaning and by word.
  case hybrid
  /// By meaning.
  case semantic
  /// By word.
  case keyword
}

/// What contributes to a hit's relevance, each from 0 to 1.
package struct RelevanceFactors: Hashable, Sendable, Codable {
  /// The cosine between query and memory, nothing below 0.
  package var semantic: Double
  /// BM25 as a share of the query's best.
  package var keyword: Double
  /// 1 now, a half after a month.
  package var recency: Double
  /// How often it was shown: 0 never, approaching 1.
  package var frequency: Double
  /// What its author said.
  package var importance: Double
  /// 1 in the session that was asked, 0 elsewhere.
  package var session: Double

  package init(
    semantic: Double, keyword: Double, recency: Double, frequency: Double, importance: Double,
    session: Double
  ) {
    self.semantic = semantic
    self.keyword = keyword
    self.recency = recency
    self.frequency = frequency
    self.importance = importance
    self.session = session
  }
}

extension RelevanceFactors: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      try writer.member("frequency", frequency)
      try writer.member("importance", importance)
      try writer.member("keyword", keyword)
      try writer.member("recency", recency)
      try writer.member("semantic", semantic)
      try writer.member("session", session)
    }
  }
}

/// A memory that was found.
package struct Hit: Hashable, Sendable {
  package var memory: Memory
  /// 0 to 1.
  package var relevance: Double
  package var factors: RelevanceFactors
  /// The part of the content that bears on the query most: the nearest passage, which is all of a
  /// short memory; nil where none is known.
  package var span: TextSpan?

  package init(
    memory: Memory, relevance: Double, factors: RelevanceFactors, span: TextSpan? = nil
  ) {
    self.memory = memory
    self.relevance = relevance
    self.factors = factors
    self.span = span
  }
}

/// What a search found.
package struct RetrievalResult: Hashable, Sendable {
  package var hits: [Hit]
  /// How many of the best `limit` fell below the minimum.
  package var belowRelevance: Int

  package init(hits: [Hit], belowRelevance: Int) {
    self.hits = hits
    self.belowRelevance = belowRelevance
  }
}
