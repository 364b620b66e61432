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
  /// How near the memory is in meaning, together with its better neighbour in the session.
  package var semantic: Double
  /// How much of the query it holds, together with the turns around it: BM25 as a share of what there
  /// could be.
  package var keyword: Double
  /// Which share of the query's words its session holds, rare ones weighing more.
  package var conversation: Double
  /// Which share of it says something; the rest asks.
  package var statement: Double
  /// 1 in the time that the query names, less the further from it; 0 when it names none.
  package var time: Double
  /// 1 now, a half after the half-life.
  package var recency: Double
  /// How often it was shown: 0 never, approaching 1.
  package var frequency: Double
  /// What its author said.
  package var importance: Double
  /// 1 in the session that was asked, 0 elsewhere.
  package var session: Double

  package init(
    semantic: Double, keyword: Double, conversation: Double, statement: Double, time: Double,
    recency: Double, frequency: Double, importance: Double, session: Double
  ) {
    self.semantic = semantic
    self.keyword = keyword
    self.conversation = conversation
    self.statement = statement
    self.time = time
    self.recency = recency
    self.frequency = frequency
    self.importance = importance
    self.session = session
  }
}

extension RelevanceFactors: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      try writer.member("conversation", conversation)
      try writer.member("frequency", frequency)
      try writer.member("importance", importance)
      try writer.member("keyword", keyword)
      try writer.member("recency", recency)
      try writer.member("semantic", semantic)
      try writer.member("session", session)
      try writer.member("statement", statement)
      try writer.member("time", time)
    }
  }
}

/// A memory that was found.
package struct Hit: Hashable, Sendable {
  package var memory: Memory
  /// 0 to 1.
  package var relevance: Double
  package var factors: RelevanceFactors
  /// The cosine of its nearest passage; nil without a vector.
  package var similarity: Double?
  /// The part of the content that bears on the query most: the nearest passage, which is all of a
  /// short memory; nil where none is known.
  package var span: TextSpan?

  package init(
    memory: Memory, relevance: Double, factors: RelevanceFactors, similarity: Double? = nil,
    span: TextSpan? = nil
  ) {
    self.memory = memory
    self.relevance = relevance
    self.factors = factors
    self.similarity = similarity
    self.span = span
  }
}

/// What a search found.
package struct RetrievalResult: Hashable, Sendable {
  package var hits: [Hit]
  /// How many of the best `limit` fell below the minimum.
  package var belowRelevance: Int
  /// How many were left out because a better one says the same.
  package var collapsed: Int

  package init(hits: [Hit] = [], belowRelevance: Int = 0, collapsed: Int = 0) {
    self.hits = hits
    self.belowRelevance = belowRelevance
    self.collapsed = collapsed
  }
}
