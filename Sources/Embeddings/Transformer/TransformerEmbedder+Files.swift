import Foundation

extension TransformerEmbedder {
  /// Refuses a tokenizer that differs from the one there is: lower case, without accents,
  /// ideographs on their own.
  static func checkTokenizer(_ directory: URL) throws(EmbeddingError) {
    let url = directory.appendingPathComponent("tokenizer_config.json")
    guard ModelFile.exists(url) else { return }
    let written: WrittenTokenizer = try ModelFile.decode(url)
    guard written.lowerCases ?? true, written.stripsAccents ?? true,
      written.separatesIdeographs ?? true
    else {
      throw EmbeddingError(
        .unsupportedModel,
        "\(url.path) describes a tokenizer that keeps upper case or accents. "
          + "Only uncased BERT tokenizers are supported.")
    }
  }

  static func tokenizer(
    _ directory: URL, size: Int
  ) throws(EmbeddingError) -> WordPieceTokenizer {
    let list = directory.appendingPathComponent("vocab.txt")
    let url = ModelFile.exists(list) ? list : directory.appendingPathComponent("tokenizer.json")
    let pieces = try url == list ? listedPieces(url) : tabledPieces(url)
    guard pieces.count == size, let vocabulary = Vocabulary(pieces),
      let tokenizer = WordPieceTokenizer(vocabulary)
    else {
      throw EmbeddingError(
        .modelDamaged,
        "\(url.path) is not the vocabulary of \(size) different pieces that config.json announces. "
          + "Install the model again.")
    }
    return tokenizer
  }

  static func maximumTokens(
    _ directory: URL, _ configuration: EncoderConfiguration
  ) throws(EmbeddingError) -> Int {
    let url = directory.appendingPathComponent("sentence_bert_config.json")
    guard ModelFile.exists(url) else { return configuration.positionCount }
    let written: WrittenLength = try ModelFile.decode(url)
    guard (2...configuration.positionCount).contains(written.maximum) else {
      throw EmbeddingError(
        .modelDamaged,
        "\(url.path) asks for \(written.maximum) tokens, but the model has positions for "
          + "\(configuration.positionCount).")
    }
    return written.maximum
  }

  /// One piece a line.
  private static func listedPieces(_ url: URL) throws(EmbeddingError) -> [Substring] {
    let data = try ModelFile.read(url)
    guard let text = String(data: data, encoding: .utf8) else {
      throw EmbeddingError(
        .modelDamaged, "\(url.path) is not UTF-8. Install the model again.")
    }
    // By scalars: some pieces would, as Characters, merge with the end of their line.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in Substring(line.last == "\r" ? line.dropLast() : line) }
  }

  /// A table from pieces to identifiers, which must be 0, 1, 2, …
  private static func tabledPieces(_ url: URL) throws(EmbeddingError) -> [Substring] {
    let written: WrittenVocabulary = try ModelFile.decode(url)
    let ordered = written.model.vocab.sorted { $0.value < $1.value }
    guard ordered.map(\.value) == Array(0..<ordered.count) else {
      throw EmbeddingError(
        .modelDamaged, "\(url.path) numbers its pieces with gaps. Install the model again.")
    }
    return ordered.map { Substring($0.key) }
  }

  private struct WrittenTokenizer: Decodable {
    let lowerCases: Bool?
    let stripsAccents: Bool?
    let separatesIdeographs: Bool?

    enum CodingKeys: String, CodingKey {
      case lowerCases = "do_lower_case"
      case stripsAccents = "strip_accents"
      case separatesIdeographs = "tokenize_chinese_chars"
    }
  }

  private struct WrittenLength: Decodable {
    let maximum: Int

    enum CodingKeys: String, CodingKey {
      case maximum = "max_seq_length"
    }
  }

  private struct WrittenVocabulary: Decodable {
    let model: Model

    struct Model: Decodable {
      let vocab: [String: Int]
    }
  }
}
