/// Turns a text into the terms by which it is found.
///
/// The same function reads what is stored and what is asked; two texts match where their terms are
/// equal. Its rules, in order:
///
/// 1. Texts are folded: compatibility forms, no diacritics, lower case (`Café` is `cafe`).
/// 2. Words are runs of letters and digits. Endings such as `'s` and `n't` are cut off.
/// 3. Identifiers, paths, codes and hyphenated words give the whole and its parts, cut at
///    `_ - . / \ : @`, at apostrophes and at camelCase borders: `HTTP-404` gives `http-404`, `http`
///    and `404`.
/// 4. Han, kana, Hangul, Thai, Lao, Khmer and Myanmar give overlapping pairs of letters, and a
///    single letter when it stands alone.
/// 5. An emoji is a term; skin tones and presentation are ignored. Other symbols and punctuation
///    only separate.
/// 6. The language is told from the words of grammar, English when nothing else is plain; see `Language`.
///    Its words of grammar are left out, unless nothing else is in the text: `to be or not to be` is
///    found by its own words in a row that holds no others.
/// 7. Words are reduced to their stems: those of English (ASCII letters only) by Porter's rules, those of
///    other languages, before their diacritics go, by the Snowball project's. The terms of another
///    language than English are marked as such.
package enum TextAnalyzer {
  /// One more with every change by which a text gets other terms: what was indexed by other rules is
  /// indexed again.
  package static let version = 3

  /// The terms of a text in its order, with repetitions; empty if it holds no word and no emoji.
  ///
  /// - Complexity: O(length of the text).
  package static func terms(of text: String) -> [String] {
    let words = TextWords(text)
    return words.language.terms(of: words).flatMap(\.self)
  }

  /// The folded words that the terms of a text come from, in the same order.
  package static func words(of text: String) -> [String] { TextWords(text).folded }

  /// The language that a text is taken to be in.
  package static func language(of text: String) -> Language { TextWords(text).language }
}

/// The words of a text that tell something, in its order.
struct TextWords {
  let language: Language
  /// In lower case, without diacritics.
  private(set) var folded: [String]
  /// In lower case, with their diacritics.
  private(set) var written: [String]

  init(_ text: String) {
    if let words = ASCIIWords(text)?.words {
      folded = words
      written = words
    } else {
      folded = Self.words(in: TextFolding.fold(text))
      written = Self.words(in: TextFolding.fold(text, keepsDiacritics: true))
      // A mark that is no part of any letter may cut words differently; then they are compared as folded.
      if written.count != folded.count { written = folded }
    }
    language = Language.of(written)
    let isTelling = folded.indices.map { place in
      language == .english
        ? !StopWords.contains(folded[place])
        : !ForeignStopWords.contains(written[place], language)
    }
    guard isTelling.contains(true) else { return }
    if isTelling.contains(false) {
      folded = zip(folded, isTelling).filter(\.1).map(\.0)
      written = zip(written, isTelling).filter(\.1).map(\.0)
    }
  }

  /// Some of the words, by their places.
  func only(_ places: [Int]) -> TextWords {
    var words = self
    words.folded = places.map { folded[$0] }
    words.written = places.map { written[$0] }
    return words
  }

  private static func words(in folded: String) -> [String] {
    var words: [String] = []
    var scanner = TokenScanner(folded)
    while let token = scanner.next() {
      switch token {
      case .word(let scalars): words.append(contentsOf: WordToken(scalars).words)
      case .unspaced(let letters): words.append(contentsOf: pairs(of: letters))
      case .emoji(let emoji): words.append(emoji)
      }
    }
    return words
  }

  private static func pairs(of letters: [String]) -> [String] {
    guard letters.count > 1 else { return letters }
    return zip(letters, letters.dropFirst()).map { $0 + $1 }
  }
}
