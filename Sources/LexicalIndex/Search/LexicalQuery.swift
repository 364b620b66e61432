/// What is looked for: words, each of which any of several terms stands for.
///
/// A text has the terms of its own language. Which language a row is in is not known to who asks, so a word
/// is looked for by its stems in all languages that there are; whichever a row holds counts as the word.
package struct LexicalQuery: Sendable {
  private struct Word: Sendable {
    /// The term that the word has in the query itself: words with the same are one.
    let key: String
    var words: TextWords?
  }

  /// By rank: in the order of the keys' letters.
  private let words: [Word]

  /// How many distinct words there are.
  var count: Int { words.count }

  /// Looks for terms as they are; a repeated one counts once.
  package init(terms: [String]) {
    words = Set(terms).sorted().map { Word(key: $0) }
  }

  /// Looks for the words of a text.
  package init(_ text: String) {
    let found = TextWords(text)
    let keys = found.language.terms(of: found).map { $0[0] }
    var places: [String: [Int]] = [:]
    for (place, key) in keys.enumerated() { places[key, default: []].append(place) }
    words = places.sorted { $0.key < $1.key }.map { Word(key: $0.key, words: found.only($0.value)) }
  }

  /// The terms that stand for each word in texts of some languages, English among them.
  func terms(in languages: Languages) -> [[String]] {
    let foreign = languages.foreign
    return words.map { word in
      guard let words = word.words, words.language != .english || !foreign.isEmpty else {
        return [word.key]
      }
      var terms = [word.key]
      for language in [.english] + foreign {
        for term in language.terms(of: words).joined() where !terms.contains(term) {
          terms.append(term)
        }
      }
      return terms
    }
  }

  /// Which words a text holds, by rank.
  func held(by text: String) -> [Bool] {
    let words = TextWords(text)
    let terms = Set(words.language.terms(of: words).joined())
    return self.terms(in: Languages(words.language)).map { $0.contains(where: terms.contains) }
  }
}
