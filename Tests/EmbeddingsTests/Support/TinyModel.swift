import Foundation
import TestSupport

/// A complete BERT model of a few kilobytes with seeded weights, for what a test wants to break.
struct TinyModel {
  static let pieces = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "ab", "##a", "##b", "##ab", "cafe", "!",
    "我", "हनद", "🙂", "c", "##c", ",", "²",
    // Two syllables of Hangul after canonical decomposition.
    "\u{1112}\u{1161}\u{11AB}", "##\u{1100}\u{1173}\u{11AF}",
  ]

  let directory: TemporaryDirectory
  var config: [String: Any] = [
    "model_type": "bert", "hidden_act": "gelu", "vocab_size": Self.pieces.count, "hidden_size": 8,
    "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12,
    "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
  ]
  var vocabulary = Self.pieces.joined(separator: "\n") + "\n"
  /// Spaces before the end of the header: four of them move the data by one `Float`.
  var padding = 0

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// The shapes of all tensors, in the order of the file.
  static let shapes: [(name: String, shape: [Int])] =
    [
      ("embeddings.word_embeddings.weight", [pieces.count, 8]),
      ("embeddings.position_embeddings.weight", [16, 8]),
      ("embeddings.token_type_embeddings.weight", [2, 8]),
      ("embeddings.LayerNorm.weight", [8]),
      ("embeddings.LayerNorm.bias", [8]),
    ] + layer(0)

  private static func layer(_ number: Int) -> [(name: String, shape: [Int])] {
    let linears: [(String, Int, Int)] = [
      ("attention.self.query", 8, 8), ("attention.self.key", 8, 8),
      ("attention.self.value", 8, 8), ("attention.output.dense", 8, 8),
      ("intermediate.dense", 12, 8), ("output.dense", 8, 12),
    ]
    var shapes: [(name: String, shape: [Int])] = []
    for (part, outputs, inputs) in linears {
      shapes.append(("encoder.layer.\(number).\(part).weight", [outputs, inputs]))
      shapes.append(("encoder.layer.\(number).\(part).bias", [outputs]))
    }
    for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
      shapes.append(("encoder.layer.\(number).\(part).weight", [8]))
      shapes.append(("encoder.layer.\(number).\(part).bias", [8]))
    }
    return shapes
  }

  /// The header as JSON in the order of the file, and the data.
  static func parts() -> (header: String, data: Data) {
    var generator = SeededGenerator(seed: 11)
    var data = Data()
    let entries = shapes.map { name, shape in
      let start = data.count
      for element in generator.vector(shape.reduce(1, *)) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
          data.append(UInt8(truncatingIfNeeded: element.bitPattern >> shift))
        }
      }
      let extents = shape.map(String.init).joined(separator: ",")
      return #""\#(name)":{"dtype":"F32","shape":[\#(extents)],"#
        + #""data_offsets":[\#(start),\#(data.count)]}"#
    }
    return ("{\(entries.joined(separator: ","))}", data)
  }

  static func file(header: String, data: Data) -> Data {
    let count = UInt64(header.utf8.count)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
    return Data(length) + Data(header.utf8) + data
  }

  /// The weights as they would be written.
  var weights: Data {
    let (header, data) = Self.parts()
    return Self.file(header: header + String(repeating: " ", count: padding), data: data)
  }

  /// Writes the model, with these weights instead of its own when they are given.
  func write(weights: Data? = nil) throws -> URL {
    let folder = directory.url.appendingPathComponent("tiny", isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try JSONSerialization.data(withJSONObject: config)
      .write(to: folder.appendingPathComponent("config.json"))
    try Data(vocabulary.utf8).write(to: folder.appendingPathComponent("vocab.txt"))
    try (weights ?? self.weights).write(to: folder.appendingPathComponent("model.safetensors"))
    return folder
  }
}
