/// What turns texts into vectors whose inner product says how near their meanings are.
///
/// Embedding is synchronous, runs on the calling thread and may be called from several threads at
/// once: parallelism is the caller's.
package protocol Embedder: Sendable {
  /// What the vectors come from. Vectors of different models must never be compared.
  var model: EmbeddingModel { get }

  /// The embeddings of the texts, in their order.
  ///
  /// Every text has an embedding, the empty one too. A text beyond the model's length is cut, and
  /// its embedding says so. The result does not depend on which texts are embedded together (beyond
  /// 1e-6 for each element).
  func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding]

  /// The text in parts that are not cut when they are embedded: one part, the whole text, unless it
  /// is longer than the model reads.
  func passages(of text: String) -> [Passage]
}

extension Embedder {
  /// The embedding of one text.
  package func embed(_ text: String) throws(EmbeddingError) -> Embedding {
    try embed([text])[0]
  }
}

/// What identifies the vectors of an embedder, and how much it reads.
package struct EmbeddingModel: Hashable, Sendable {
  /// The name that is stored beside vectors.
  package let name: String
  /// How many elements a vector has.
  package let dimension: Int
  /// How many tokens of a text the model sees, with the two that mark its start and end.
  package let maximumTokens: Int

  package init(name: String, dimension: Int, maximumTokens: Int) {
    self.name = name
    self.dimension = dimension
    self.maximumTokens = maximumTokens
  }
}

/// The vector of one text, and how much of the text it speaks for.
package struct Embedding: Equatable, Sendable {
  /// As many elements as the model's dimension; the sum of their squares is 1.
  package let vector: [Float]
  /// The tokens of the whole text, with the marks of start and end: more than the model's maximum
  /// when the text was cut.
  package let tokenCount: Int
  /// How many Characters, from the start of the text, the model saw; all of them unless it was cut.
  package let embeddedCharacters: Int

  package init(vector: [Float], tokenCount: Int, embeddedCharacters: Int) {
    self.vector = vector
    self.tokenCount = tokenCount
    self.embeddedCharacters = embeddedCharacters
  }
}
