/// How much each factor counts.
///
/// What a memory is about makes its relevance; how fresh, important or often used it is only moves it
/// by some per cent, so that an old answer is never pushed out by what is merely new. The defaults were
/// chosen on LoCoMo leaving conversations out, that of meaning with talk about code in sight; see `Ranking`.
package struct RelevanceWeights: Hashable, Sendable {
  /// What meaning and words count; together at most 1.
  package var semantic: Double
  package var keyword: Double
  /// How much the better of the two neighbours in a session counts beside a memory's own similarity.
  package var neighbor: Double
  /// How much a session counts for its memories when it holds the query's words.
  package var conversation: Double
  /// The share of its relevance that a memory loses which only asks.
  package var question: Double
  /// What the similarity of a memory's nearest passage loses for each doubling of the number of its
  /// passages, since a long memory has many chances to be near by accident.
  ///
  /// Nothing by default: with every second session of LoCoMo stored as one memory (some twenty turns
  /// each) beside the turns of the others, recall@10 by meaning is 57% without, 45% with 0.03 and 32%
  /// with 0.08. Where long memories say less for their length than short ones, a little may help.
  package var passagePenalty: Double

  /// What a memory gains at most for being new, important, often shown, of the session that was asked,
  /// or of a time that the query names; each a share of its relevance.
  package var recency: Double
  package var importance: Double
  package var frequency: Double
  package var session: Double
  package var time: Double
  /// What a memory loses that was made by answering a question; a share of its relevance.
  package var generated: Double
  /// Days after which a memory is half as new.
  package var halfLife: Double

  package init(
    semantic: Double = 0.45, keyword: Double = 0.55, neighbor: Double = 0.3,
    conversation: Double = 0.1, question: Double = 0.3, passagePenalty: Double = 0,
    recency: Double = 0.05, importance: Double = 0.1, frequency: Double = 0, session: Double = 0.05,
    time: Double = 0.2, generated: Double = 0.2, halfLife: Double = 30
  ) {
    self.semantic = semantic
    self.keyword = keyword
    self.neighbor = neighbor
    self.conversation = conversation
    self.question = question
    self.passagePenalty = passagePenalty
    self.recency = recency
    self.importance = importance
    self.frequency = frequency
    self.session = session
    self.time = time
    self.generated = generated
    self.halfLife = halfLife
  }
}
