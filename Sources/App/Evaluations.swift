internal import ConversationMemory
internal import Embeddings
package import Evaluation
internal import Foundation
internal import Logging
internal import Records

/// Measuring retrieval on labelled conversations, apart from anybody's memories.
package enum Evaluations {
  /// Runs in a store of its own that is removed afterwards.
  ///
  /// - Parameter settings: what the command line says of them; the data directory is passed over.
  /// - Parameter varying: settings of retrieval, each with the values that are compared.
  /// - Throws: `unavailable` when a strategy needs a model and there is none, and what
  ///   `RetrievalEvaluator` throws.
  package static func run(
    _ dataset: LabelledDataset, _ options: EvaluationOptions, settings: Settings.Options,
    varying: [(key: SettingKey, values: [String])] = [], progress: (EvaluationProgress) -> Void
  ) throws -> EvaluationReport {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("recollect-eval-\(UUID().uuidString.lowercased())", isDirectory: true)
    var own = settings
    own.values[.dataDirectory] = folder.path
    let application = try Application(try Settings(own))
    defer { remove(folder, application.logger) }
    var options = options
    for variation in varying {
      for value in variation.values {
        var changed = own
        changed.values[variation.key] = value
        options.variations.append(
          .init(
            name: "\(variation.key.rawValue)=\(value)", weights: try Settings(changed).weights))
      }
    }
    let needsModel = options.strategies.contains { $0 != .keyword }
    let embedder = needsModel ? try application.embedder.embedder() : nil
    guard !needsModel || embedder != nil else {
      throw ServiceError(
        .unavailable,
        "No model is installed. Run `recollect model install`, or measure --strategy keyword.")
    }
    let memories = needsModel ? application.memories : application.memoriesWithoutVectors
    var report = try RetrievalEvaluator(dataset, options).run(in: memories, progress: progress)
    report.model = embedder?.model.name
    if options.answers {
      report.answers = try AnswerEvaluator(dataset).run(
        application.questions, memories, progress: progress)
    }
    try application.close()
    return report
  }

  private static func remove(_ folder: URL, _ logger: Logger) {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      logger.warning("\(folder.path) could not be removed: \(error.localizedDescription)")
    }
  }
}

extension Application {
  /// Memories that are stored and found by word alone: nothing is embedded.
  fileprivate var memoriesWithoutVectors: MemoryService {
    MemoryService(
      backend: store, embedding: TextEmbedding { nil }, rules: settings.sessionRules,
      touches: touches)
  }
}
