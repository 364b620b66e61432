import Foundation

/// The shape of a BERT encoder, as `config.json` describes it.
struct EncoderConfiguration: Equatable, Sendable {
  let vocabularySize: Int
  let hiddenSize: Int
  let layerCount: Int
  let headCount: Int
  let intermediateSize: Int
  /// How many positions have an embedding.
  let positionCount: Int
  let tokenTypeCount: Int
  let normEpsilon: Float

  /// The elements of one head.
  var headSize: Int { hiddenSize / headCount }

  /// Reads `config.json`.
  ///
  /// - Throws: `modelMissing`, `modelDamaged` when it is no description of a model, and
  ///   `unsupportedModel` when the model is not a BERT encoder with exact GELU.
  init(_ url: URL) throws(EmbeddingError) {
    let written: Written = try ModelFile.decode(url)
    guard written.modelType == "bert", written.activation == "gelu",
      written.positions ?? "absolute" == "absolute"
    else {
      throw EmbeddingError(
        .unsupportedModel,
        "\(url.path) describes a model of type \(written.modelType) with \(written.activation). "
          + "Only BERT encoders with gelu and absolute positions are supported.")
    }
    // Far above any model of this kind, and low enough that no size overflows.
    let sizes = [
      written.vocabularySize, written.hiddenSize, written.layerCount, written.headCount,
      written.intermediateSize, written.positionCount, written.tokenTypeCount,
    ]
    guard sizes.allSatisfy({ (1...10_000_000).contains($0) }), written.positionCount >= 2,
      written.hiddenSize % written.headCount == 0, written.normEpsilon >= 0
    else {
      throw EmbeddingError(.modelDamaged, "\(url.path) has sizes that do not fit together.")
    }
    vocabularySize = written.vocabularySize
    hiddenSize = written.hiddenSize
    layerCount = written.layerCount
    headCount = written.headCount
    intermediateSize = written.intermediateSize
    positionCount = written.positionCount
    tokenTypeCount = written.tokenTypeCount
    normEpsilon = written.normEpsilon
  }

  private struct Written: Decodable {
    let modelType: String
    let activation: String
    let positions: String?
    let vocabularySize: Int
    let hiddenSize: Int
    let layerCount: Int
    let headCount: Int
    let intermediateSize: Int
    let positionCount: Int
    let tokenTypeCount: Int
    let normEpsilon: Float

    enum CodingKeys: String, CodingKey {
      case modelType = "model_type"
      case activation = "hidden_act"
      case positions = "position_embedding_type"
      case vocabularySize = "vocab_size"
      case hiddenSize = "hidden_size"
      case layerCount = "num_hidden_layers"
      case headCount = "num_attention_heads"
      case intermediateSize = "intermediate_size"
      case positionCount = "max_position_embeddings"
      case tokenTypeCount = "type_vocab_size"
      case normEpsilon = "layer_norm_eps"
    }
  }
}
