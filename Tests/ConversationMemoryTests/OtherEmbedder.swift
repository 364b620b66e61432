import Embeddings
import Records

/// An embedder of another space: as many dimensions as it likes, and a name of its own.
struct OtherEmbedder: Embedder {
  let model = EmbeddingModel(name: "other", dimension: 3, maximumTokens: 100)

  func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    texts.map { Embedding(vector: [1, 0, 0], tokenCount: 1, embeddedCharacters: $0.count) }
  }

  func passages(of text: String) -> [Passage] {
    [Passage(text: text, span: TextSpan(start: 0, end: text.unicodeScalars.count))]
  }
}
