package import Records

/// What an evaluation found, for each configuration.
package struct EvaluationReport: Sendable {
  /// What one configuration achieved.
  package struct Result: Sendable, Encodable {
    /// The strategy, and what else was chosen.
    package let name: String
    package let strategy: RetrievalStrategy
    package let minimumRelevance: RelevanceThreshold
    package let overall: MeanScores
    package let categories: [String: MeanScores]
    /// What the gate keeps from queries that nothing answers; nil where there is none.
    package let irrelevant: Irrelevant?

    private enum CodingKeys: String, CodingKey {
      case name, strategy, overall, categories, irrelevant
      case minimumRelevance = "min_relevance"
    }
  }

  /// Queries that are about somebody else.
  package struct Irrelevant: Sendable, Encodable {
    package let queries: Int
    /// The share of them to which nothing was shown, 0 to 1.
    package let emptied: Double
  }

  package let unit: EvaluationUnit
  /// In the order asked for; at least one.
  package let results: [Result]
  package let memories: Int
  package let sessions: Int
  package let importSeconds: Double
  package let searchSeconds: Double
  /// Whose vectors were compared; nil when none were.
  package var model: String?
  /// How questions were answered; nil when that was not asked for.
  package var answers: AnswerReport?

  /// How many questions the overall figures are the mean of.
  package var questions: Int { results[0].overall.questions }
  /// Storing and asking.
  package var seconds: Double { importSeconds + searchSeconds }
}

extension EvaluationReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case overall, categories, questions, seconds, strategy, strategies, configurations, unit
    case memories, sessions, model, answers
    case importSeconds = "import_seconds"
    case searchSeconds = "search_seconds"
  }

  /// `overall` and `categories` are those of the first configuration; `configurations` has every
  /// one's in the order asked for, `strategies` the same by name.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(results[0].strategy, forKey: .strategy)
    try container.encode(results[0].overall, forKey: .overall)
    try container.encode(results[0].categories, forKey: .categories)
    try container.encode(
      Dictionary(results.map { ($0.name, $0) }) { first, _ in first },
      forKey: .strategies)
    try container.encode(results, forKey: .configurations)
    try container.encode(questions, forKey: .questions)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(unit, forKey: .unit)
    try container.encode(memories, forKey: .memories)
    try container.encode(sessions, forKey: .sessions)
    try container.encodeIfPresent(model, forKey: .model)
    try container.encodeIfPresent(answers, forKey: .answers)
    try container.encode(importSeconds, forKey: .importSeconds)
    try container.encode(searchSeconds, forKey: .searchSeconds)
  }
}
