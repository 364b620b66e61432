/// Where in the model's file the parameters of a BERT encoder lie.
///
/// Every position is a range of `Float`s in one span, which ``withFloats(_:)`` lends: the mapped
/// file itself where the tensors are aligned, otherwise a copy.
struct EncoderWeights: Sendable {
  /// `outputs × inputs`, row-major, and one bias for each output.
  struct Linear: Sendable {
    let weight: Range<Int>
    let bias: Range<Int>
  }

  struct Norm: Sendable {
    let gain: Range<Int>
    let shift: Range<Int>
  }

  struct Layer: Sendable {
    let query: Linear
    let key: Linear
    let value: Linear
    let attentionOutput: Linear
    let attentionNorm: Norm
    let intermediate: Linear
    let output: Linear
    let outputNorm: Norm
  }

  /// `vocabulary × hidden`, `positions × hidden`, and the one row of the first token type.
  let words: Range<Int>
  let positions: Range<Int>
  let tokenType: Range<Int>
  let embeddingNorm: Norm
  let layers: [Layer]
  private let storage: Storage

  private enum Storage: Sendable {
    case mapped(MappedFile)
    case copied([Float])
  }

  /// Finds every parameter of an encoder of that shape. Nothing but the header is read.
  ///
  /// - Throws: `modelDamaged` when a parameter is missing or has another shape, `unsupportedModel`
  ///   when it is not of 32-bit floats.
  init(_ file: SafetensorsFile, _ configuration: EncoderConfiguration) throws(EmbeddingError) {
    var finder = Finder(file)
    let hidden = configuration.hiddenSize
    words = try finder.find(
      "embeddings.word_embeddings.weight", [configuration.vocabularySize, hidden])
    positions = try finder.find(
      "embeddings.position_embeddings.weight", [configuration.positionCount, hidden])
    let types = try finder.find(
      "embeddings.token_type_embeddings.weight", [configuration.tokenTypeCount, hidden])
    tokenType = types.lowerBound..<types.lowerBound + hidden
    embeddingNorm = try finder.norm("embeddings.LayerNorm", hidden)
    var layers: [Layer] = []
    for number in 0..<configuration.layerCount {
      layers.append(try finder.layer("encoder.layer.\(number)", configuration))
    }
    self.layers = layers
    storage = finder.copies.map(Storage.copied) ?? .mapped(file.file)
  }

  /// Lends the span that the ranges are of.
  func withFloats<R, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
    switch storage {
    case .mapped(let file):
      let size = MemoryLayout<Float>.size
      return try file.withFloats(0..<file.count / size * size, body)
    case .copied(let floats):
      return try body(floats.span)
    }
  }

  /// Looks tensors up, and copies them where one is not aligned.
  private struct Finder {
    private let file: SafetensorsFile
    /// What was copied so far; `nil` when the file is aligned and nothing needs to be.
    private(set) var copies: [Float]?

    init(_ file: SafetensorsFile) {
      self.file = file
      let aligned = file.tensors.values.allSatisfy { tensor in
        tensor.elementType != "F32" || file.file.isAlignedForFloats(at: tensor.range.lowerBound)
      }
      copies = aligned ? nil : []
    }

    mutating func find(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Range<Int> {
      let range = try file.floats(name, shape: shape).range
      let size = MemoryLayout<Float>.size
      guard let start = copies?.count else {
        return range.lowerBound / size..<range.upperBound / size
      }
      file.file.withBytes(range) { bytes in
        for position in stride(from: 0, to: bytes.count, by: size) {
          let bits = (0..<size).reduce(UInt32(0)) {
            $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1)
          }
          copies?.append(Float(bitPattern: bits))
        }
      }
      return start..<start + range.count / size
    }

    mutating func linear(
      _ name: String, outputs: Int, inputs: Int
    ) throws(EmbeddingError) -> Linear {
      Linear(
        weight: try find(name + ".weight", [outputs, inputs]),
        bias: try find(name + ".bias", [outputs]))
    }

    mutating func norm(_ name: String, _ size: Int) throws(EmbeddingError) -> Norm {
      Norm(gain: try find(name + ".weight", [size]), shift: try find(name + ".bias", [size]))
    }

    mutating func layer(
      _ name: String, _ configuration: EncoderConfiguration
    ) throws(EmbeddingError) -> Layer {
      let hidden = configuration.hiddenSize
      let inner = configuration.intermediateSize
      return Layer(
        query: try linear(name + ".attention.self.query", outputs: hidden, inputs: hidden),
        key: try linear(name + ".attention.self.key", outputs: hidden, inputs: hidden),
        value: try linear(name + ".attention.self.value", outputs: hidden, inputs: hidden),
        attentionOutput: try linear(
          name + ".attention.output.dense", outputs: hidden, inputs: hidden),
        attentionNorm: try norm(name + ".attention.output.LayerNorm", hidden),
        intermediate: try linear(name + ".intermediate.dense", outputs: inner, inputs: hidden),
        output: try linear(name + ".output.dense", outputs: hidden, inputs: inner),
        outputNorm: try norm(name + ".output.LayerNorm", hidden))
    }
  }
}
