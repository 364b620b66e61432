import Embeddings
import Foundation
import Testing

/// What another implementation made of the same model and the same texts.
private struct Reference: Decodable {
  struct Item: Decodable {
    let text: String
    let tokens: [Int32]
    let embedding: [Float]

    enum CodingKeys: String, CodingKey {
      case text
      case tokens = "token_ids"
      case embedding
    }
  }

  let items: [Item]
}

@Suite struct ReferenceTests {
  private static let file = "minilm/reference.json"

  @Test func `tokens equal the reference`() throws {
    let embedder = try InstalledModel.embedder()
    try SharedData.check(against: Self.file, as: Reference.self) { reference in
      #expect(!reference.items.isEmpty)
      for item in reference.items {
        #expect(embedder.tokenIdentifiers(of: item.text) == item.tokens, "\(item.text)")
      }
    }
  }

  @Test func `vectors have a cosine of 0.9999 or more with the reference`() throws {
    let embedder = try InstalledModel.embedder()
    try SharedData.check(against: Self.file, as: Reference.self) { reference in
      let found = try embedder.embed(reference.items.map(\.text))
      for (item, embedding) in zip(reference.items, found) {
        #expect(embedding.vector.count == 384)
        #expect(cosine(embedding.vector, item.embedding) >= 0.9999, "\(item.text)")
      }
    }
  }
}

func cosine(_ a: [Float], _ b: [Float]) -> Double {
  func product(_ x: [Float], _ y: [Float]) -> Double {
    zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
}
