internal import Dispatch
package import Embeddings
internal import Foundation
internal import Synchronization

/// The embedder of this process, loaded when it is first needed.
///
/// While no model is installed it looks again each time, so a model that is installed later is taken
/// up by a server that is already running.
package final class LazyEmbedder: Sendable {
  private let model: String?
  private let store: ModelStore
  private let log: @Sendable (String) -> Void
  private let loaded = Mutex<(any Embedder)?>(nil)

  /// - Parameter model: the folder of a model, or `hashing` for the embedder of that name (which
  ///   compares spelling, not meaning, and is only ever used when it is asked for); nil for the
  ///   installed model.
  /// - Parameter log: told why a model that is there cannot be used.
  /// - Throws: `modelMissing` when the folder that was named does not exist.
  package init(
    model: String?, store: ModelStore = ModelStore(),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    if let model, model != Self.hashing, !FileManager.default.fileExists(atPath: model) {
      throw EmbeddingError(.modelMissing, "There is no model in \(model).")
    }
    self.model = model
    self.store = store
    self.log = log
  }

  /// The name of the embedder that compares spelling.
  private static let hashing = "hashing"

  /// The embedder, or nil when no model is installed.
  ///
  /// - Throws: `EmbeddingError` when the model that was named is missing, or one is damaged.
  package func embedder() throws -> (any Embedder)? {
    try loaded.withLock { loaded in
      if let loaded { return loaded }
      do {
        loaded = try load()
      } catch {
        log("the embedding model cannot be used: \(error)")
        throw error
      }
      return loaded
    }
  }

  private func load() throws -> (any Embedder)? {
    switch model {
    case Self.hashing: HashingEmbedder()
    case let path?: try TransformerEmbedder(directory: URL(fileURLWithPath: path))
    case nil: try store.locate().map { try TransformerEmbedder(directory: $0) }
    }
  }
}
