import Embeddings
import Foundation
import Testing

/// Tokens with the small vocabulary of ``TinyModel``, whose positions are the identifiers.
@Suite struct TokenizerTests {
  private let model: TinyModel
  private let embedder: TransformerEmbedder

  init() throws {
    model = try TinyModel()
    embedder = try TransformerEmbedder(directory: try model.write())
  }

  private func pieces(_ text: String) -> [String] {
    let found = embedder.tokenIdentifiers(of: text).map { TinyModel.pieces[Int($0)] }
    #expect(found.first == "[CLS]" && found.last == "[SEP]")
    return Array(found.dropFirst().dropLast())
  }

  @Test(arguments: [
    ("nothing", "", []),
    ("only spaces", " \t\n\r\u{A0}\u{3000}\u{2028}", []),
    ("only control characters", "\u{0}\u{7}\u{1B}\u{7F}\u{85}\u{200B}\u{FFFD}\u{FEFF}", []),
    ("control characters inside a word", "a\u{0}b", ["ab"]),
    ("vertical tab and form feed separate nothing", "a\u{B}\u{C}b", ["ab"]),
    ("the longest piece comes first", "abab aba", ["ab", "##ab", "ab", "##a"]),
    ("lower case", "AB aB", ["ab", "ab"]),
    ("accents, composed or not", "Café CAFE\u{301}", ["cafe", "cafe"]),
    ("punctuation", "a!b,", ["a", "!", "b", ","]),
    ("ideographs", "a我b", ["a", "我", "b"]),
    ("a piece without a match makes the word unknown", "abz a", ["[UNK]", "a"]),
    ("Hangul is decomposed", "한글", ["\u{1112}\u{1161}\u{11AB}", "##\u{1100}\u{1173}\u{11AF}"]),
    ("non-spacing vowels of Devanagari go", "ह\u{941}न\u{941}द\u{941}", ["हनद"]),
    ("emoji", "🙂 🙂🏽", ["🙂", "[UNK]"]),
    ("a variation selector goes", "🙂\u{FE0F}", ["🙂"]),
    ("superscripts stay", "c² ²", ["[UNK]", "²"]),
    ("marks by their names", "a[MASK]b [SEP]", ["a", "[MASK]", "b", "[SEP]"]),
    ("marks in lower case are none", "[mask]", ["[UNK]", "[UNK]", "[UNK]"]),
    ("half a mark is none", "[MAS", ["[UNK]", "[UNK]"]),
  ])
  func `tokens are those of BERT`(what: String, text: String, expected: [String]) {
    #expect(pieces(text) == expected, "\(what)")
  }

  @Test(arguments: [(100, false), (101, true), (10_000, true), (1_000_000, true)])
  func `a word of more than a hundred scalars is unknown`(length: Int, unknown: Bool) throws {
    let embedding = try embedder.embed(String(repeating: "a", count: length))
    #expect(embedding.tokenCount == (unknown ? 3 : length + 2))
    #expect(embedding.embeddedCharacters == (unknown ? length : 14))
  }

  @Test func `characters are counted up to the last token that was seen`() throws {
    // Fourteen tokens have room: thirteen of one letter and the first piece of the next word.
    let start = String(repeating: "b ", count: 13)
    let cut = try embedder.embed(start + "aba b")
    #expect(cut.tokenCount == 18)
    #expect(cut.embeddedCharacters == 26 + 2)
    let accented = try embedder.embed(String(repeating: "cafe\u{301} ", count: 20))
    #expect(accented.tokenCount == 22)
    // The accent after the last letter does not reach the model, but its Character was seen.
    #expect(accented.embeddedCharacters == 14 * 5 - 1)
    let whole = try embedder.embed("cafe\u{301}  \u{200B}")
    #expect(whole.embeddedCharacters == "cafe\u{301}  \u{200B}".count)
  }
}
