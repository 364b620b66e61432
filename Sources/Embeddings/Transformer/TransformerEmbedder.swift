import Foundation

/// Sentence embeddings of a BERT encoder such as `all-MiniLM-L6-v2`: mean of the last hidden
/// states, brought to length 1.
///
/// The weights stay in the mapped file: opening reads the vocabulary and the file's header only,
/// and processes that use the same model share its memory.
package struct TransformerEmbedder: Embedder {
  package let model: EmbeddingModel

  private let configuration: EncoderConfiguration
  private let weights: EncoderWeights
  private let tokenizer: WordPieceTokenizer

  /// How many tokens go through the encoder together: enough that reading the weights is a small
  /// part of the work, few enough that what is between two layers stays in the cache.
  private static let batchTokens = 512

  /// Opens the model in a folder with `config.json`, `vocab.txt` (or `tokenizer.json`) and
  /// `model.safetensors`; the model has the folder's name.
  ///
  /// A text is cut to the tokens that `sentence_bert_config.json` states, or to what the model has
  /// positions for when there is no such file. What `tokenizer.json` says of that is not heeded: it
  /// is how the file was last used, not how the model was trained.
  ///
  /// - Throws: `modelMissing`, `modelDamaged`, `unsupportedModel`, or `unavailable` when a file is
  ///   there but cannot be read.
  package init(directory: URL) throws(EmbeddingError) {
    guard ModelFile.exists(directory) else {
      throw EmbeddingError(
        .modelMissing, "There is no model in \(directory.path). Run `recollect model install`.")
    }
    configuration = try EncoderConfiguration(directory.appendingPathComponent("config.json"))
    try Self.checkTokenizer(directory)
    tokenizer = try Self.tokenizer(directory, size: configuration.vocabularySize)
    weights = try EncoderWeights(
      try SafetensorsFile(directory.appendingPathComponent("model.safetensors")), configuration)
    model = EmbeddingModel(
      name: directory.standardizedFileURL.lastPathComponent, dimension: configuration.hiddenSize,
      maximumTokens: try Self.maximumTokens(directory, configuration))
  }

  package func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    var embeddings: [Embedding] = []
    embeddings.reserveCapacity(texts.count)
    var batch: [WordPieceTokenizer.Tokens] = []
    var size = 0
    for text in texts {
      let tokens = tokenizer.tokens(of: text, maximum: model.maximumTokens)
      if size + tokens.identifiers.count > Self.batchTokens, !batch.isEmpty {
        embeddings += try embed(batch)
        batch.removeAll(keepingCapacity: true)
        size = 0
      }
      batch.append(tokens)
      size += tokens.identifiers.count
    }
    embeddings += try embed(batch)
    return embeddings
  }

  package func passages(of text: String) -> [Passage] {
    // A token has at least one byte: short texts are not read.
    let room = model.maximumTokens - 2
    guard text.utf8.count > room else { return [Passage(whole: text)] }
    let words = tokenizer.words(of: text)
    guard words.reduce(0, { $0 + $1.tokens }) > room else { return [Passage(whole: text)] }
    return PassageCutter(maximumTokens: room).passages(of: text, words)
  }

  /// The identifiers that the model sees for a text, with the marks of start and end.
  package func tokenIdentifiers(of text: String) -> [Int32] {
    tokenizer.tokens(of: text, maximum: model.maximumTokens).identifiers
  }

  private func embed(
    _ batch: [WordPieceTokenizer.Tokens]
  ) throws(EmbeddingError) -> [Embedding] {
    var pass = EncoderPass(configuration, weights, lengths: batch.map(\.identifiers.count))
    let states = pass.meanStates(of: batch.flatMap(\.identifiers))
    var embeddings: [Embedding] = []
    for (tokens, state) in zip(batch, states) {
      let norm = state.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm.isFinite, norm > 0 else {
        throw EmbeddingError(
          .modelDamaged,
          "The weights of \(model.name) give no finite vector. Install the model again.")
      }
      embeddings.append(
        Embedding(
          vector: state.map { $0 / norm }, tokenCount: tokens.wholeCount,
          embeddedCharacters: tokens.coveredCharacters))
    }
    return embeddings
  }
}
