import Embeddings
import Foundation
import TestSupport
import Testing

@Suite struct TransformerEmbedderTests {
  /// Texts of many lengths, from none to beyond the model's.
  private static let texts: [String] = {
    var generator = SeededGenerator(seed: 5)
    let words = ["river", "Anna", "moved", "key", "keeps", "42", "café", "桜", "!", "unbelievably"]
    return (0..<60).map { number in
      (0..<(number % 20 == 19 ? 300 : number)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }.joined(separator: " ")
    }
  }()

  @Test func `the model says what it is`() throws {
    let model = try InstalledModel.embedder().model
    #expect(model.name == "all-MiniLM-L6-v2")
    #expect(model.dimension == 384)
    #expect(model.maximumTokens == 256)
  }

  @Test func `a batch equals its texts one by one`() throws {
    let embedder = try InstalledModel.embedder()
    let together = try embedder.embed(Self.texts)
    #expect(together.count == Self.texts.count)
    for (text, embedding) in zip(Self.texts, together) {
      let alone = try embedder.embed(text)
      #expect(alone.tokenCount == embedding.tokenCount)
      #expect(alone.embeddedCharacters == embedding.embeddedCharacters)
      let furthest = zip(alone.vector, embedding.vector).map { abs($0 - $1) }.max() ?? 1
      #expect(furthest <= 1e-6, "\(furthest) for \(embedding.tokenCount) tokens")
    }
  }

  @Test func `threads that embed at once get the answers of one thread`() async throws {
    let embedder = try InstalledModel.embedder()
    let texts = Array(Self.texts.prefix(16))
    let expected = try embedder.embed(texts)
    try await withThrowingTaskGroup(of: [Embedding].self) { group in
      for _ in 0..<8 { group.addTask { try embedder.embed(texts) } }
      for try await found in group { #expect(found == expected) }
    }
  }

  @Test func `vectors have length 1`() throws {
    for embedding in try InstalledModel.embedder().embed(Self.texts) {
      let square = embedding.vector.reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(square - 1) < 1e-5)
    }
  }

  @Test func `the empty text and the empty list have their answers`() throws {
    let embedder = try InstalledModel.embedder()
    let empty = try embedder.embed("")
    #expect(empty.tokenCount == 2)
    #expect(empty.embeddedCharacters == 0)
    #expect(empty.vector.allSatisfy { $0.isFinite })
    #expect(try embedder.embed([]).isEmpty)
  }

  @Test func `a null character inside a text is passed over`() throws {
    let embedder = try InstalledModel.embedder()
    let with = try embedder.embed("spare\u{0} key")
    #expect(try embedder.embed("spare key").vector == with.vector)
    #expect(with.embeddedCharacters == 10)
  }

  @Test func `meanings that are near are nearer than others`() throws {
    let found = try InstalledModel.embedder().embed([
      "Where is the spare key?", "She hides her second house key under the flower pot.",
      "The train to Geneva leaves at noon.",
    ]).map(\.vector)
    #expect(cosine(found[0], found[1]) > cosine(found[0], found[2]) + 0.2)
  }

  @Test func `a long text says how much of it was seen`() throws {
    let embedder = try InstalledModel.embedder()
    let long = String(repeating: "key ", count: 1000)
    let embedding = try embedder.embed(long)
    #expect(embedding.tokenCount == 1002)
    // 254 words with the spaces between them.
    #expect(embedding.embeddedCharacters == 254 * 4 - 1)
    let seen = String(long.prefix(embedding.embeddedCharacters))
    #expect(try embedder.embed(seen).vector == embedding.vector)
  }

  @Test func `a text of exactly the model's length is not cut`() throws {
    let embedder = try InstalledModel.embedder()
    let whole = String(repeating: "key ", count: 254)
    let embedding = try embedder.embed(whole)
    #expect(embedding.tokenCount == 256)
    #expect(embedding.embeddedCharacters == whole.count)
    #expect(try embedder.embed(whole + "key").embeddedCharacters == whole.count - 1)
  }
}
