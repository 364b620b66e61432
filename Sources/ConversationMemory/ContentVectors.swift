package import Retrieval

/// The vectors of contents of one user: those that were stored before, and those that were made now.
package struct ContentVectors: Sendable {
  private var vectors: [ExactText: StoredEmbedding]
  private var made: Embedded<StoredEmbedding>?

  /// - Parameter known: what the user has stored; never another user's, whose texts a caller could
  ///   else recognise by how fast they are stored.
  package init(known: [ExactText: StoredEmbedding] = [:]) {
    vectors = known
  }

  /// The vectors of a content, or nil when there was no model to make them.
  package subscript(content: String) -> StoredEmbedding? { vectors[ExactText(content)] }

  /// Refuses vectors of another embedder than the store's, and makes the embedder the store's when it
  /// has none yet.
  package func adopt(in writer: any MemoryWriter) throws { try made?.adopt(in: writer) }

  fileprivate func missing(_ contents: [String]) -> [String] {
    contents.filter { vectors[ExactText($0)] == nil }
  }

  fileprivate mutating func add(_ embedded: Embedded<StoredEmbedding>, of contents: [String]) {
    made = embedded
    for (content, embedding) in zip(contents, embedded.values) {
      vectors[ExactText(content)] = embedding
    }
  }
}

extension TextEmbedding {
  /// The vectors of a user's contents; what is known is not embedded again.
  package func vectors(
    of contents: [String], knowing known: [ExactText: StoredEmbedding]
  ) throws -> ContentVectors {
    var vectors = ContentVectors(known: known)
    try add(contents, to: &vectors)
    return vectors
  }

  /// Makes the vectors that are missing, when there is a model.
  package func add(_ contents: [String], to vectors: inout ContentVectors) throws {
    let missing = vectors.missing(contents)
    guard !missing.isEmpty, let embedded = try embed(contents: missing) else { return }
    vectors.add(embedded, of: missing)
  }
}
