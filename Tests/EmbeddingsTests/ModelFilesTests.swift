import Embeddings
import Foundation
import TestSupport
import Testing

/// The code of the error with which opening a model ends, or `nil` when it opens.
private func refusal(_ folder: URL) -> EmbeddingError.Code? {
  do throws(EmbeddingError) {
    _ = try TransformerEmbedder(directory: folder)
    return nil
  } catch {
    return error.code
  }
}

@Suite struct ModelFilesTests {
  private let model: TinyModel

  init() throws {
    model = try TinyModel()
  }

  private func rewritten(_ change: (inout String) -> Void) throws -> EmbeddingError.Code? {
    var (header, data) = TinyModel.parts()
    let before = header
    change(&header)
    #expect(header != before)
    return refusal(try model.write(weights: TinyModel.file(header: header, data: data)))
  }

  @Test func `a sound model opens and embeds`() throws {
    let embedder = try TransformerEmbedder(directory: try model.write())
    #expect(embedder.model == EmbeddingModel(name: "tiny", dimension: 8, maximumTokens: 16))
    #expect(try embedder.embed("ab cafe").vector.count == 8)
  }

  @Test(arguments: 0..<8)
  func `weights give the same vectors wherever they start in the file`(padding: Int) throws {
    var model = model
    let aligned = try TransformerEmbedder(directory: try model.write()).embed("ab cafe!")
    model.padding = padding
    #expect(
      try TransformerEmbedder(directory: try model.write()).embed("ab cafe!").vector
        == aligned.vector)
  }

  @Test func `a truncated file is refused wherever it ends`() throws {
    let whole = model.weights
    for count in Array(0..<64) + Array(stride(from: 64, to: whole.count, by: 13)) {
      #expect(
        refusal(try model.write(weights: whole.prefix(count))) == .modelDamaged, "\(count) bytes")
    }
    #expect(refusal(try model.write(weights: whole + Data([0]))) == .modelDamaged)
  }

  /// All bits of the length and of the first entry, then one bit of every byte of the header.
  @Test func `a bit flipped in the header is refused`() throws {
    let folder = try model.write()
    let file = folder.appendingPathComponent("model.safetensors")
    let whole = model.weights
    for position in 0..<TinyModel.parts().header.utf8.count + 8 {
      for bit in position < 100 ? Array(0..<8) : [position % 8] {
        var flipped = whole
        flipped[position] ^= 1 << UInt8(bit)
        // A new file each time: the one before may still be mapped.
        try FileManager.default.removeItem(at: file)
        try flipped.write(to: file)
        #expect(refusal(folder) == .modelDamaged, "bit \(bit) of byte \(position)")
      }
    }
  }

  @Test(arguments: [
    ("[0,704]", "[0,-704]"), ("[0,704]", "[0,9223372036854775807]"),
    ("[0,704]", "[0,99999999999999999999999]"), ("[0,704]", "[0]"), ("[0,704]", "[4,704]"),
    ("[0,704]", "[0,1.5]"), ("[22,8]", "[-22,-8]"), ("[22,8]", "[4294967296,4294967296]"),
    ("[22,8]", "[8,22]"), ("[22,8]", "{}"), ("\"F32\"", "\"F99\""), ("\"F32\"", "null"),
    ("{\"embeddings", "{\"__metadata__\":{},\"more\":3,\"embeddings"),
  ])
  func `nonsense in the header is refused`(part: String, nonsense: String) throws {
    let code = try rewritten { header in
      guard let range = header.range(of: part) else { return }
      header.replaceSubrange(range, with: nonsense)
    }
    #expect(code == .modelDamaged)
  }

  @Test func `deep nesting in the header is refused`() throws {
    let code = try rewritten { $0 = "{\"a\":" + String(repeating: "[", count: 200_000) }
    #expect(code == .modelDamaged)
  }

  @Test func `remarks in the header are allowed`() throws {
    let code = try rewritten { header in
      header = "{\"__metadata__\":{\"format\":\"pt\"}," + header.dropFirst()
    }
    #expect(code == nil)
  }

  @Test func `elements of another type are unsupported`() throws {
    let code = try rewritten { header in
      header = header.replacingOccurrences(of: "F32", with: "I32")
    }
    #expect(code == .unsupportedModel)
  }

  @Test(arguments: ["config.json", "vocab.txt", "model.safetensors"])
  func `a missing file is named`(file: String) throws {
    let folder = try model.write()
    try FileManager.default.removeItem(at: folder.appendingPathComponent(file))
    #expect(refusal(folder) == .modelMissing)
    #expect(refusal(folder.appendingPathComponent("nowhere")) == .modelMissing)
  }

  @Test func `tokenizer.json stands in for vocab.txt`() throws {
    let folder = try model.write()
    let before = try TransformerEmbedder(directory: folder).embed("ab cafe!")
    try FileManager.default.removeItem(at: folder.appendingPathComponent("vocab.txt"))
    let table = Dictionary(
      uniqueKeysWithValues: TinyModel.pieces.enumerated().map { ($0.element, $0.offset) })
    try JSONEncoder().encode(["model": ["vocab": table]])
      .write(to: folder.appendingPathComponent("tokenizer.json"))
    #expect(try TransformerEmbedder(directory: folder).embed("ab cafe!") == before)
  }

  @Test(arguments: [
    ("model_type", "gpt2", EmbeddingError.Code.unsupportedModel),
    ("hidden_act", "relu", .unsupportedModel),
    ("position_embedding_type", "relative_key", .unsupportedModel),
    ("hidden_size", "8", .modelDamaged),
  ])
  func `another kind of model is refused`(
    key: String, value: String, code: EmbeddingError.Code
  ) throws {
    var model = model
    model.config[key] = value
    #expect(refusal(try model.write()) == code)
  }

  @Test(arguments: [
    ("hidden_size", 7), ("hidden_size", 0), ("num_attention_heads", -1), ("vocab_size", 21),
    ("num_hidden_layers", 3), ("max_position_embeddings", 17), ("num_attention_heads", 1 << 40),
  ])
  func `sizes that do not fit are refused`(key: String, value: Int) throws {
    var model = model
    model.config[key] = value
    #expect(refusal(try model.write()) == .modelDamaged)
  }

  @Test func `a vocabulary with a piece twice or without marks is refused`() throws {
    var model = model
    model.vocabulary = model.vocabulary.replacingOccurrences(of: "cafe", with: "ab")
    #expect(refusal(try model.write()) == .modelDamaged)
    model.vocabulary = self.model.vocabulary.replacingOccurrences(of: "[CLS]", with: "cls")
    #expect(refusal(try model.write()) == .modelDamaged)
  }

  @Test func `weights that are not numbers are found when they are used`() throws {
    let (header, data) = TinyModel.parts()
    let nothing = Data(repeating: 0xFF, count: data.count)
    let folder = try model.write(weights: TinyModel.file(header: header, data: nothing))
    let embedder = try TransformerEmbedder(directory: folder)
    let error = #expect(throws: EmbeddingError.self) { try embedder.embed("ab") }
    #expect(error?.code == .modelDamaged)
  }
}
