package import Embeddings
package import Records
package import Retrieval

/// The vectors of contents and queries, when there is a model.
///
/// The model may be missing (then rows are stored without vectors and search is by word) and may be
/// installed while the program runs. Whether it is there is asked again each time until it is.
package struct TextEmbedding: Sendable {
  private let queries = QueryVectors()
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

  /// The vectors of queries and other short texts, or nil when there is no model; what is longer than
  /// the model reads is cut.
  package func embed(_ texts: [String]) throws -> Embedded<[Float]>? {
    guard let embedder = try embedder() else { return nil }
    let vectors = try Self.translating { try embedder.embed(texts) }.map(\.vector)
    return Embedded(values: vectors, identity: embedder.identity)
  }

  /// The vector of a user's query, or nil when there is no model; the latest ones are remembered.
  package func embed(query: String, of user: UserID) throws -> Embedded<[Float]>? {
    guard let embedder = try embedder() else { return nil }
    if let vector = queries.vector(of: query, user, embedder.identity) {
      return Embedded(values: [vector], identity: embedder.identity)
    }
    let embedded = try embed([query])
    if let embedded, let vector = embedded.values.first {
      queries.add(vector, of: query, user, embedded.identity)
    }
    return embedded
  }

  /// Drops what is remembered of a user's queries.
  package func forget(_ user: UserID) { queries.forget(user) }

  /// The vectors of all passages of contents, or nil when there is no model. Equal contents are
  /// embedded once.
  package func embed(contents: [String]) throws -> Embedded<StoredEmbedding>? {
    guard let embedder = try embedder() else { return nil }
    var order: [ExactText: Int] = [:]
    var passages: [[Passage]] = []
    for content in contents where order[ExactText(content)] == nil {
      order[ExactText(content)] = passages.count
      passages.append(embedder.passages(of: content))
    }
    let vectors = try Self.translating { try embedder.embed(passages.joined().map(\.text)) }
    var first = 0
    let embeddings = passages.map { parts in
      defer { first += parts.count }
      return StoredEmbedding(
        passages: zip(parts, vectors[first..<first + parts.count]).map { part, embedding in
          StoredEmbedding.Passage(span: part.span, vector: embedding.vector)
        })
    }
    return Embedded(
      values: contents.compactMap { order[ExactText($0)].map { embeddings[$0] } },
      identity: embedder.identity)
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

/// What an embedder made, and which one it was.
package struct Embedded<Value: Sendable>: Sendable {
  /// In the order of the texts.
  package let values: [Value]
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
