import Embeddings
import Foundation
import Records
import TestSupport
import Testing

/// What is too long for a model is cut into passages that together hold all of it.
@Suite struct PassageTests {
  /// Texts of the kinds that people store, none of whose words repeats itself next to itself.
  private static func text(_ kind: String, _ words: Int, seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return (0..<words).map { number in
      switch kind {
      case "english":
        ["memory", "of", "the", "conversation,", "kept.", "naïveté\n"][number % 6] + "\(number) "
      case "code": "try await session\(number).openConnection(timeout_ms: \(number));\n"
      case "chinese":
        String(
          (0..<4).map { _ in
            Character(Unicode.Scalar(UInt32.random(in: 0x4E00...0x9000, using: &generator)) ?? "中")
          }) + "。"
      case "accents": "e\u{301}te\u{301}\(number) \u{1F469}\u{200D}\u{1F680} "
      default: String(repeating: "x", count: 120) + "\(number) "
      }
    }.joined()
  }

  private func check(_ text: String, _ embedder: any Embedder, _ what: String) {
    let scalars = Array(text.unicodeScalars)
    let passages = embedder.passages(of: text)
    var covered = 0
    for passage in passages {
      let (start, end) = (passage.span.start, passage.span.end)
      #expect(start < end && end <= scalars.count, "\(what)")
      var slice = String.UnicodeScalarView()
      slice.append(contentsOf: scalars[start..<end])
      #expect(String(slice) == passage.text, "\(what): a passage is what its span says")
      let gap = covered < start ? scalars[covered..<start] : []
      #expect(
        gap.allSatisfy { $0.properties.isWhitespace }, "\(what): nothing lies between passages")
      #expect(end > covered, "\(what): every passage goes on")
      covered = end
      #expect(embedder.passages(of: passage.text).count == 1, "\(what): nothing is cut")
    }
    #expect(scalars[covered...].allSatisfy { $0.properties.isWhitespace }, "\(what): to the end")
  }

  @Test(arguments: ["english", "code", "chinese", "accents", "long words"])
  func `passages hold every word and none is cut`(kind: String) throws {
    let model = try InstalledModel.embedder()
    for (number, words) in [1, 30, 80, 200, 700].enumerated() {
      let text = Self.text(kind, words, seed: UInt64(number))
      check(text, model, "\(kind), \(words) words")
      let spelling = HashingEmbedder(dimension: 8, maximumTokens: 10)
      for passage in spelling.passages(of: text) {
        #expect(passage.text.split(whereSeparator: \.isWhitespace).count <= 10)
      }
    }
  }

  @Test func `what is one passage is embedded whole`() throws {
    let embedder = try InstalledModel.embedder()
    for passage in embedder.passages(of: Self.text("code", 60, seed: 3)) {
      let embedding = try embedder.embed(passage.text)
      #expect(embedding.tokenCount <= embedder.model.maximumTokens)
      #expect(embedding.embeddedCharacters == passage.text.count)
    }
  }

  @Test func `a text that the model reads whole is one passage`() throws {
    let embedder = try InstalledModel.embedder()
    for text in ["", " ", "a", "Two words.", String(repeating: "key ", count: 254)] {
      let passages = embedder.passages(of: text)
      #expect(passages.map(\.text) == [text])
      #expect(passages[0].span == TextSpan(start: 0, end: text.unicodeScalars.count))
    }
    #expect(embedder.passages(of: String(repeating: "key ", count: 255)).count == 2)
  }

  @Test func `passages overlap by a fifth and are of about equal length`() {
    let embedder = HashingEmbedder(dimension: 8, maximumTokens: 100)
    for count in [101, 150, 181, 500, 1234] {
      let passages = embedder.passages(
        of: (0..<count).map { "w\($0)" }.joined(separator: " "))
      let words = passages.map { $0.text.split(separator: " ") }
      let lengths = words.map(\.count)
      #expect(lengths.allSatisfy { $0 <= 100 })
      #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= passages.count, "\(lengths)")
      for (first, second) in zip(words, words.dropFirst()) {
        #expect(first.suffix(20) == second.prefix(20))
      }
    }
  }

  @Test func `no passage lies within the one before, whatever the words`() throws {
    var generator = SeededGenerator(seed: 9)
    let tiny = try TinyModel()
    let embedder = try TransformerEmbedder(directory: try tiny.write())
    for _ in 0..<200 {
      // Words of one to twelve tokens, for a model that has room for fourteen.
      let text = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
        String(repeating: "a", count: Int.random(in: 1...12, using: &generator))
      }.joined(separator: " ")
      check(text, embedder, text)
    }
  }
}
