internal import App
package import ArgumentParser
internal import Evaluation
internal import Foundation
internal import Records

/// `recollect eval`
package struct EvalCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure retrieval on conversations with questions whose answers are known.",
    discussion: """
      Works in a temporary store that is removed afterwards; what --data-directory holds is not \
      touched. Reports recall@k, nDCG@10 and the mean reciprocal rank over the questions that have \
      evidence, overall and by category, with a 95% interval of recall@10. With --min-relevance it \
      also asks every user what the others were asked, and reports how often nothing is shown.

      Formats: `jsonl` is a folder with conversations.jsonl (as for `recollect import`) and \
      questions.jsonl, or two such files with a comma between them; a question is \
      {"user_id","question","evidence":[memory ids],"category","session_id"?, \
      "evidence_sessions"?}. `locomo` is locomo10.json, whose overall figures leave out the \
      adversarial questions. `longmemeval` is one file of LongMemEval.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "The file or folder.")
  var dataset: String

  @Option(help: "locomo, longmemeval or jsonl.")
  var format: DatasetFormat

  @Option(help: "turn ranks memories; session ranks sessions by their best memory.")
  var unit = EvaluationUnit.turn.rawValue

  @Option(help: "hybrid, semantic or keyword; several with commas between them.")
  var strategy = RetrievalStrategy.hybrid.rawValue

  @Option(help: "The k of recall@k, from 1 to 100, with commas between them.")
  var at = "1,5,10,20"

  @Option(
    help: """
      Leave out hits below this relevance, from 0 to 1, or auto; several with commas between them \
      are measured side by side.
      """)
  var minRelevance = "0"

  @Option(
    help: ArgumentHelp(
      "Compare values of a setting of retrieval; may be given several times.",
      discussion: "For example retrieval.passage_penalty=0,0.08.", valueName: "key=v1,v2,…"))
  var vary: [String] = []

  @Option(
    help: ArgumentHelp(
      "Store every n-th session of a user as one long memory, 1 being all.", valueName: "n"))
  var joinSessions: Int?

  @Flag(
    help: """
      Also answer the questions whose answers are known, and compare: F1 of the words, and how often \
      all words of the expected answer are there; beside the text of the memory that is found first.
      """)
  var answers = false

  @Option(help: "The seed of the resampling behind the intervals.")
  var seed: UInt64 = 1

  @Option(help: "Also write the tables to this file.")
  var markdown: String?

  package init() {}

  package func validate() throws {
    _ = try options()
    _ = try variations()
    if let joinSessions, joinSessions < 1 {
      throw ValidationError("--join-sessions must be 1 or more.")
    }
  }

  package func run() throws {
    var labelled = try format.read(dataset)
    if let joinSessions { labelled = try labelled.joiningSessions(every: joinSessions) }
    var bar: (step: EvaluationProgress.Step, bar: ProgressBar)?
    let report = try Evaluations.run(
      labelled, try options(), settings: store.options(output), varying: try variations()
    ) { progress in
      if bar?.step != progress.step { bar = (progress.step, ProgressBar("eval")) }
      bar?.bar.show(progress.done, of: progress.total, progress.step.rawValue)
    }
    if let markdown {
      do {
        try Data((report.markdown + "\n").utf8).write(to: URL(fileURLWithPath: markdown))
      } catch {
        throw InputError(
          .unavailable, "\(markdown) cannot be written: \(error.localizedDescription)")
      }
    }
    try output.print(report) { report.markdown }
  }

  private func variations() throws -> [(key: SettingKey, values: [String])] {
    try vary.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let key = SettingKey(rawValue: parts[0]), key.isOfRetrieval else {
        let keys = SettingKey.allCases.filter(\.isOfRetrieval).map(\.rawValue)
        throw ValidationError(
          "--vary wants key=value,value with a key from \(keys.joined(separator: ", ")).")
      }
      let values = try Self.list(parts[1], "--vary \(text): a value must not be blank.") {
        let value = String($0).trimmed
        return value.isEmpty ? nil : value
      }
      return (key, values)
    }
  }

  private func options() throws -> EvaluationOptions {
    var options = EvaluationOptions()
    guard let unit = EvaluationUnit(rawValue: unit) else {
      throw ValidationError("--unit must be turn or session.")
    }
    options.unit = unit
    options.strategies = try Self.list(strategy, "--strategy must be hybrid, semantic or keyword.")
    {
      RetrievalStrategy(rawValue: String($0))
    }
    options.cutoffs = try Self.list(at, "--at must be whole numbers from 1 to 100.") {
      Int($0).flatMap { EvaluationOptions.cutoffRange.contains($0) ? $0 : nil }
    }
    options.minimumRelevances = try Self.list(
      minRelevance, "--min-relevance must be from 0 to 1, or auto."
    ) { RelevanceThreshold($0) }
    options.seed = seed
    options.answers = answers
    return options
  }

  /// The values of a list with commas, each once.
  private static func list<Value: Hashable>(
    _ text: String, _ rule: String, _ value: (Substring) -> Value?
  ) throws -> [Value] {
    var values: [Value] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = value(part) else { throw ValidationError(rule) }
      if !values.contains(value) { values.append(value) }
    }
    return values
  }
}
