/// How much each factor counts. Only meaning and words do for now; the others are reported.
package struct RelevanceWeights: Hashable, Sendable {
  package var semantic: Double
  package var keyword: Double
  /// What the similarity of a memory's nearest passage loses for each doubling of the number of its
  /// passages: a long memory has many chances to be near by accident.
  package var passagePenalty: Double

  package init(semantic: Double = 0.6, keyword: Double = 0.4, passagePenalty: Double = 0.08) {
    self.semantic = semantic
    self.keyword = keyword
    self.passagePenalty = passagePenalty
  }
}
