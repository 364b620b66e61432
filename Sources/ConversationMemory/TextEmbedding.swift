package import Embeddings
internal import Records
package import Retrieval

/// The vectors of contents and queries, when there is a model.
///
/// The model may be missing (then rows are stored without vectors and search is by word) and may be
/// installed while the program runs. Whether it is there is asked again each time until it is.
package struct TextEmbedding: Sendable {
  private let load: @Sendable () throws -> (any Embedder)?

  /// - Parameter load: gives the embedder, or nil when its model is not installed; called from
  ///   several threads. Throws when the model is there but damaged.
  package init(load: @escaping @Sendable () throws -> (any Embedder)?) {
    self.load = load
  }

  /// The embedder, or nil when its model is not installed.
  ///
  /// - Throws: `unavailable` for a model that is there but cannot be used.
  package func embedder() throws -> (any Embedder)? {
    try Self.translating { try load() }
  }

  /// The vectors of contents, or nil when there is no model.
  package func embed(_ contents: [String]) throws -> EmbeddedTexts? {
    guard let embedder = try embedder() else { return nil }
    let embeddings = try Self.translating { try embedder.embed(contents) }.map {
      StoredEmbedding(vector: $0.vector, embeddedCharacters: $0.embeddedCharacters)
    }
    return EmbeddedTexts(embeddings: embeddings, identity: embedder.identity)
  }

  /// A model's own error names files; callers learn what it means for them.
  private static func translating<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch is EmbeddingError {
      throw ServiceError(
        .unavailable,
        "The embedding model cannot be used. `recollect model list` says why; searching by keyword "
          + "still works.")
    }
  }
}

extension Embedder {
  /// What a store remembers of its embedder.
  package var identity: EmbedderIdentity {
    EmbedderIdentity(name: model.name, dimension: model.dimension)
  }
}

/// Vectors and whose they are.
package struct EmbeddedTexts: Sendable {
  package let embeddings: [StoredEmbedding]
  package let identity: EmbedderIdentity

  /// Refuses vectors of another embedder than the store's: two models' spaces must never mix.
  package func check(against stored: EmbedderIdentity?) throws {
    guard let stored, stored != identity else { return }
    throw ServiceError(
      .unavailable,
      "This store's vectors were made by \(stored.name) (\(stored.dimension) dimensions); "
        + "this process uses \(identity.name) (\(identity.dimension)). "
        + "Start it with the embedder of the store.")
  }

  /// The same, and makes the embedder the store's when it has none yet.
  package func adopt(in writer: any MemoryWriter) throws {
    let stored = try writer.storedEmbedder()
    try check(against: stored)
    if stored == nil { try writer.setStoredEmbedder(identity) }
  }
}
