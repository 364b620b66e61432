package import Embeddings
import Synchronization

/// The embedder of the tests, and an account of the texts it was given.
package final class CountingEmbedder: Embedder {
  private let inner: HashingEmbedder
  private let texts = Mutex<[String]>([])

  package init(maximumTokens: Int = 256) {
    inner = HashingEmbedder(maximumTokens: maximumTokens)
  }

  package var model: EmbeddingModel { inner.model }

  /// The texts since the last time that this was asked.
  package func takeTexts() -> [String] {
    texts.withLock { texts in
      defer { texts = [] }
      return texts
    }
  }

  package func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    self.texts.withLock { $0 += texts }
    return try inner.embed(texts)
  }

  package func passages(of text: String) -> [Passage] { inner.passages(of: text) }
}
