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
/// 6. English stop words are left out, unless nothing else is in the text: `to be or not to be` is
///    found by its own words in a row that holds no others.
/// 7. Words of ASCII letters only are reduced to their Porter stem.
package enum TextAnalyzer {
  /// One more with every change by which a text gets other terms: what was indexed by other rules is
  /// indexed again.
  package static let version = 1

  /// The terms of a text in its order, with repetitions; empty if it holds no word and no emoji.
  ///
  /// - Complexity: O(length of the text).
  package static func terms(of text: String) -> [String] {
    words(of: text).map { PorterStemmer.stem($0) }
  }

  /// The folded words that the terms of a text come from, in the same order.
  package static func words(of text: String) -> [String] {
    let words = ASCIIWords(text)?.words ?? foldedWords(of: text)
    let telling = words.filter { !StopWords.contains($0) }
    return telling.isEmpty ? words : telling
  }

  private static func foldedWords(of text: String) -> [String] {
    var words: [String] = []
    var scanner = TokenScanner(TextFolding.fold(text))
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
