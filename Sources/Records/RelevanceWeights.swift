/// How much each factor counts. Only meaning and words do for now; the others are reported.
package struct RelevanceWeights: Hashable, Sendable {
  package var semantic: Double
  package var keyword: Double
  /// What the similarity of a memory's nearest passage loses for each doubling of the number of its
  /// passages, since a long memory has many chances to be near by accident.
  ///
  /// Nothing by default: with every second session of LoCoMo stored as one memory (some twenty turns
  /// each) beside the turns of the others, recall@10 by meaning is 57% without, 45% with 0.03 and 32%
  /// with 0.08. Where long memories say less for their length than short ones, a little may help.
  package var passagePenalty: Double

  package init(semantic: Double = 0.6, keyword: Double = 0.4, passagePenalty: Double = 0) {
    self.semantic = semantic
    self.keyword = keyword
    self.passagePenalty = passagePenalty
  }
}
