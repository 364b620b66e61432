import Embeddings
import Foundation
import Records

/// Texts of some twenty words and vectors of length one, the same again for the same numbers.
struct Sample: Sendable {
  static let dimension = 384
  private static let words = 5_000

  let seed: UInt64

  func text(_ number: Int) -> String {
    var state = Self.mixed(seed &* 1_000_003 &+ UInt64(number))
    let words = (0..<20).map { _ -> String in
      state = Self.mixed(state)
      return "word\(state % UInt64(Self.words))"
    }
    return "row \(number): " + words.joined(separator: " ")
  }

  func vector(_ number: Int) -> [Float] {
    var state = Self.mixed(seed &* 7_368_787 &+ UInt64(number))
    var vector = (0..<Self.dimension).map { _ -> Float in
      state = Self.mixed(state)
      return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
    }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for element in vector.indices { vector[element] /= length }
    return vector
  }

  /// The step of SplitMix64.
  private static func mixed(_ state: UInt64) -> UInt64 {
    var mixed = state &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Gives vectors that were made beforehand, so that embedding takes no part in what is measured.
struct GivenVectors: Embedder {
  let model = EmbeddingModel(name: "given", dimension: Sample.dimension, maximumTokens: 512)
  private let vectors = (0..<256).map { Sample(seed: 1).vector($0) }

  func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    texts.map { text in
      Embedding(
        vector: vectors[text.utf8.count % vectors.count], tokenCount: 25,
        embeddedCharacters: text.count)
    }
  }

  func passages(of text: String) -> [Passage] {
    [
      Passage(text: text, span: TextSpan(start: 0, end: text.unicodeScalars.count))
    ]
  }
}
