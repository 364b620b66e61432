import Embeddings
import Foundation
import Testing

/// The real model, which tests that need it require rather than skip.
enum InstalledModel {
  static func folder() throws -> URL {
    try #require(
      ModelStore().locate(), "The model is not installed: run `make setup` and test again.")
  }

  static func embedder() throws -> TransformerEmbedder {
    try TransformerEmbedder(directory: try folder())
  }
}
