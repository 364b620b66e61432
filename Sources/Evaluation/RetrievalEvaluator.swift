package import ConversationMemory
package import Records

/// What is ranked.
package enum EvaluationUnit: String, CaseIterable, Sendable, Codable {
  /// Memories.
  case turn
  /// Sessions, each where its best memory stands.
  case session
}

/// How a data set is measured.
package struct EvaluationOptions: Sendable {
  package var strategies: [RetrievalStrategy] = [.hybrid]
  /// Weights that are compared, each with every strategy; none for those of the service.
  package var variations: [Variation] = []
  package var unit = EvaluationUnit.turn
  /// The k of recall@k; each within `cutoffRange`.
  package var cutoffs = [1, 5, 10, 20]
  /// Each is measured with every strategy.
  package var minimumRelevances = [RelevanceThreshold.none]
  /// Whether questions are answered as well.
  package var answers = false
  /// Of the resampling behind the intervals.
  package var seed: UInt64 = 1

  /// What a cutoff may be: a search shows no more than a page.
  package static let cutoffRange = Limits.pageSize

  package init() {}

  /// Weights under the name that the report gives them.
  package struct Variation: Hashable, Sendable {
    package let name: String
    package let weights: RelevanceWeights

    package init(name: String, weights: RelevanceWeights) {
      self.name = name
      self.weights = weights
    }
  }

  /// One of the ways of ranking that are compared.
  struct Configuration {
    /// The strategy, and whatever else there are several of.
    let name: String
    let method: MemoryService.RankingMethod
  }

  var configurations: [Configuration] {
    minimumRelevances.flatMap { minimum in
      let suffix = minimumRelevances.count > 1 ? " ≥ \(minimum)" : ""
      return strategies.flatMap { strategy in
        (variations.isEmpty ? [nil] : variations.map(Optional.some)).map { variation in
          Configuration(
            name: strategy.rawValue + (variation.map { " \($0.name)" } ?? "") + suffix,
            method: .init(
              strategy, weights: variation?.weights, minimumRelevance: minimum))
        }
      }
    }
  }
}

/// How far an evaluation is.
package struct EvaluationProgress: Sendable {
  /// What is being counted.
  package enum Step: String, Sendable {
    case storing = "records"
    case asking = "questions"
    case askingOthers = "irrelevant questions"
    case answering = "answers"
  }

  package let step: Step
  package let done: Int
  package let total: Int
}

/// Stores a data set, asks its questions, and scores what was found.
package struct RetrievalEvaluator {
  private let dataset: LabelledDataset
  private let options: EvaluationOptions

  package init(_ dataset: LabelledDataset, _ options: EvaluationOptions) {
    self.dataset = dataset
    self.options = options
  }

  /// How many questions are embedded and ranked at a time.
  private static let batch = 64

  /// Runs in an empty store.
  ///
  /// - Throws: `invalid_argument` when no question that counts has evidence, and what storing and
  ///   searching throw.
  package func run(
    in memories: MemoryService, progress: (EvaluationProgress) -> Void = { _ in }
  ) throws -> EvaluationReport {
    let asked = dataset.questions.filter { !evidence(of: $0).isEmpty }
    guard asked.contains(where: countsOverall) else {
      throw ServiceError.invalid(
        "dataset", "has no question that names what answers it by \(options.unit.rawValue)")
    }
    let caller = Caller.unbound(default: nil)
    let clock = ContinuousClock()
    let start = clock.now
    let counts = try memories.importRecords(dataset.records, caller: caller) {
      progress(.init(step: .storing, done: $0, total: dataset.records.count))
    }
    let stored = clock.now
    var scores: [[QuestionScore]] = []
    for first in stride(from: 0, to: asked.count, by: Self.batch) {
      let questions = asked[first..<min(first + Self.batch, asked.count)]
      let rankings = try memories.rank(
        questions.map(request), by: options.configurations.map(\.method), caller: caller)
      scores += zip(questions, rankings).map { question, rankings in
        rankings.map { score($0, question) }
      }
      progress(.init(step: .asking, done: first + questions.count, total: asked.count))
    }
    let emptied = try emptied(asked.filter(countsOverall), memories, caller, progress)
    let results = options.configurations.enumerated().map { position, configuration in
      result(
        configuration, asked, scores.map { $0[position] }, irrelevant: emptied.map { $0[position] })
    }
    return EvaluationReport(
      unit: options.unit, results: results, memories: counts.memories, sessions: counts.sessions,
      importSeconds: (stored - start) / .seconds(1),
      searchSeconds: (clock.now - stored) / .seconds(1))
  }

  // MARK: One question

  /// To rank sessions every memory is ranked, whatever session the question was asked in: within
  /// one session there is nothing to rank.
  private func request(_ question: LabelledQuestion) -> MemoryService.RankingRequest {
    let everything = dataset.memoryCounts[question.user] ?? 0
    return MemoryService.RankingRequest(
      query: question.text, user: question.user,
      session: options.unit == .turn ? question.session : nil,
      count: options.unit == .turn ? EvaluationOptions.cutoffRange.upperBound : everything)
  }

  private func score(_ ranking: [MemoryID], _ question: LabelledQuestion) -> QuestionScore {
    let ranked =
      switch options.unit {
      case .turn: ranking.map(\.description)
      case .session: ranking.compactMap { dataset.sessions[$0]?.description }.distinct
      }
    return QuestionScore(
      ranking: ranked, evidence: evidence(of: question), cutoffs: options.cutoffs)
  }

  private func evidence(of question: LabelledQuestion) -> Set<String> {
    switch options.unit {
    case .turn: Set(question.evidence.map(\.description))
    case .session:
      Set(
        (question.evidenceSessions ?? question.evidence.compactMap { dataset.sessions[$0] })
          .map(\.description))
    }
  }

  // MARK: Questions of others

  /// How many irrelevant queries are asked, about.
  private static let irrelevantQueries = 4_000

  /// For each configuration how many queries that have no answer show nothing: every user is asked what
  /// the others were asked. Nil where nothing is ever left out, and where there is one user.
  private func emptied(
    _ questions: [LabelledQuestion], _ memories: MemoryService, _ caller: Caller,
    _ progress: (EvaluationProgress) -> Void
  ) throws -> [EvaluationReport.Irrelevant]? {
    let users = Set(questions.map(\.user)).sorted { $0.description < $1.description }
    guard options.minimumRelevances.contains(where: { $0 != .none }), users.count > 1 else {
      return nil
    }
    let step = max(1, questions.count * (users.count - 1) / Self.irrelevantQueries)
    let pairs = stride(from: 0, to: questions.count, by: step).flatMap { position in
      users.filter { $0 != questions[position].user }.map { (questions[position].text, $0) }
    }
    var empty = [Int](repeating: 0, count: options.configurations.count)
    for first in stride(from: 0, to: pairs.count, by: Self.batch) {
      let batch = pairs[first..<min(first + Self.batch, pairs.count)]
      let rankings = try memories.rank(
        batch.map { .init(query: $0.0, user: $0.1, session: nil, count: 10) },
        by: options.configurations.map(\.method), caller: caller)
      for ranking in rankings {
        for (position, found) in ranking.enumerated() where found.isEmpty { empty[position] += 1 }
      }
      progress(.init(step: .askingOthers, done: first + batch.count, total: pairs.count))
    }
    return empty.map { .init(queries: pairs.count, emptied: Double($0) / Double(pairs.count)) }
  }

  // MARK: All questions

  private func countsOverall(_ question: LabelledQuestion) -> Bool {
    dataset.overallCategories?.contains(question.category) ?? true
  }

  private func result(
    _ configuration: EvaluationOptions.Configuration, _ questions: [LabelledQuestion],
    _ scores: [QuestionScore], irrelevant: EvaluationReport.Irrelevant?
  ) -> EvaluationReport.Result {
    var overall: [QuestionScore] = []
    var categories: [String: [QuestionScore]] = [:]
    for (question, score) in zip(questions, scores) {
      if countsOverall(question) { overall.append(score) }
      categories[question.category, default: []].append(score)
    }
    return EvaluationReport.Result(
      name: configuration.name, strategy: configuration.method.strategy,
      minimumRelevance: configuration.method.minimumRelevance,
      overall: MeanScores(of: overall, seed: options.seed),
      categories: categories.mapValues { MeanScores(of: $0, seed: options.seed) },
      irrelevant: irrelevant)
  }
}
