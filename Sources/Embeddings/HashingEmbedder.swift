/// Vectors from the spelling of words, for tests: repeatable, instant, and without meaning.
///
/// Texts are near when they share words or parts of words. It is chosen by name only and never
/// stands in for a model that is missing.
///
/// Feature hashing as described by Weinberger and others (2009): each lower-cased word and each run
/// of three characters of a word adds ±1 to one element, both picked by a hash.
package struct HashingEmbedder: Embedder {
  package let model: EmbeddingModel

  /// Makes an embedder whose vectors have `dimension` elements.
  ///
  /// - Parameter maximumTokens: from how many words on a text has several passages, as with a model
  ///   that reads no more than that.
  package init(dimension: Int = 256, maximumTokens: Int = 256) {
    precondition(dimension > 0, "a vector has at least one element")
    precondition(maximumTokens > 0, "a text has room for a word")
    model = EmbeddingModel(
      name: "hashing-\(dimension)", dimension: dimension, maximumTokens: maximumTokens)
  }

  package func passages(of text: String) -> [Passage] {
    var words: [PassageCutter.Word] = []
    var isInWord = false
    var offset = 0
    for scalar in text.unicodeScalars {
      let isPart = !scalar.properties.isWhitespace
      if isPart && !isInWord { words.append(.init(start: offset, tokens: 1)) }
      isInWord = isPart
      offset += UTF8.width(scalar)
    }
    guard words.count > model.maximumTokens else { return [Passage(whole: text)] }
    return PassageCutter(maximumTokens: model.maximumTokens).passages(of: text, words)
  }

  package func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    texts.map(embedding)
  }

  private func embedding(of text: String) -> Embedding {
    var vector = [Float](repeating: 0, count: model.dimension)
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    for word in words {
      // A word counts for more than one of its parts.
      add(word.utf8, weight: 2, to: &vector)
      let marked = Array("^\(word)$")
      for start in 0..<(marked.count - 2) {
        add(String(marked[start..<start + 3]).utf8, weight: 1, to: &vector)
      }
    }
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    if norm > 0 {
      for position in vector.indices { vector[position] /= norm }
    } else {
      // No words, or words that cancel each other: some unit vector, always the same.
      vector[0] = 1
    }
    return Embedding(
      vector: vector, tokenCount: words.count + 2, embeddedCharacters: text.count)
  }

  private func add(_ feature: some Sequence<UInt8>, weight: Float, to vector: inout [Float]) {
    // FNV-1a, then a last mixing because its high bits alone are weak for short inputs.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in feature { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
    let position = Int((hash >> 1) % UInt64(vector.count))
    vector[position] += hash & 1 == 0 ? weight : -weight
  }
}
