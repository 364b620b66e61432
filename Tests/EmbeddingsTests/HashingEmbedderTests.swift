import Embeddings
import Testing

@Suite struct HashingEmbedderTests {
  private let embedder = HashingEmbedder()

  @Test(arguments: ["", " ", "!?", "key", "Where is the spare key?", "我喜欢草莓", "a\u{0}b"])
  func `every text has a repeatable vector of length 1`(text: String) throws {
    let embedding = try embedder.embed(text)
    #expect(embedding.vector.count == 256)
    #expect(abs(embedding.vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    #expect(try HashingEmbedder().embed([text, text]) == [embedding, embedding])
    #expect(embedding.embeddedCharacters == text.count)
  }

  @Test func `vectors do not change from release to release`() throws {
    let vector = try HashingEmbedder(dimension: 8).embed("Spare key").vector
    #expect(vector.map { ($0 * 1000).rounded() } == [0, 426, 0, -213, -853, 0, 213, 0])
  }

  @Test func `texts that share words are nearer than others`() throws {
    let texts = ["where is the spare key", "The SPARE key!", "trains leave at noon"]
    let found = try embedder.embed(texts).map(\.vector)
    #expect(cosine(found[0], found[1]) > cosine(found[0], found[2]) + 0.3)
  }

  @Test func `the name tells one dimension from another`() {
    #expect(embedder.model.name == "hashing-256")
    #expect(HashingEmbedder(dimension: 64).model.dimension == 64)
  }
}
