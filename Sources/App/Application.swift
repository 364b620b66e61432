package import ConversationMemory
internal import EmbeddedBackend
internal import Embeddings
internal import Foundation
internal import LanguageModels
internal import Logging
package import MCPServer
package import RAG
internal import Records
internal import Retrieval

/// The object graph, put together from the settings: the only place that constructs things.
package final class Application: Sendable {
  package static let version = "0.1.0"

  package let settings: Settings
  package let sessions: SessionService
  package let memories: MemoryService
  package let questions: QuestionAnswering
  package let health: HealthService
  let embedder: LazyEmbedder
  let touches: TouchBuffer
  let readOnly: Bool
  let sweeps = SweepRecord()
  let logger: Logger
  let store: EmbeddedStore

  /// Opens the store; loads no model.
  ///
  /// - Parameter readOnly: nothing is written, not even what searches touch.
  /// - Throws: `StorageError`, `EmbeddingError` for a model that was named and is not there.
  package init(_ settings: Settings, readOnly: Bool = false) throws {
    self.readOnly = readOnly
    let logger = settings.logger
    let touches = TouchBuffer(isRecording: !readOnly)
    self.touches = touches
    let log: @Sendable (String) -> Void = { logger.error("\($0)") }
    self.settings = settings
    self.logger = logger
    let lazyEmbedder = try LazyEmbedder(model: settings.model, log: log)
    let model = try settings.answerModel.model()
    let store = try EmbeddedStore(directory: settings.dataDirectory, log: log)
    self.store = store
    embedder = lazyEmbedder
    let embedding = TextEmbedding { try lazyEmbedder.embedder() }
    let rules = settings.sessionRules
    sessions = SessionService(backend: store, rules: rules, touches: touches)
    let retrieval = HybridRetrieval(weights: settings.weights)
    memories = MemoryService(
      backend: store, embedding: embedding, retrieval: retrieval, rules: rules, touches: touches,
      model: model)
    questions = QuestionAnswering(
      backend: store, embedding: embedding, retrieval: retrieval, rules: rules,
      model: settings.answerModel.provider == .openai ? model : nil)
    health = HealthService(
      backend: store, embedding: embedding, rules: rules, sweeps: sweeps,
      answerModel: questions.modelName, model: model, readOnly: readOnly,
      availableBytes: { try store.availableBytes() }, log: log)
  }

  /// What the tools work with.
  package var services: Services {
    Services(
      sessions: sessions, memories: memories, questions: questions,
      contexts: ContextAssembly(memories), health: health, version: Self.version)
  }

  /// Stores what searches have touched.
  func flushTouches() throws { try touches.flush(to: store, settings.sessionRules) }

  /// Stores what is still to be stored, and ends the connections.
  package func close() throws {
    try flushTouches()
    try store.close()
  }
}
