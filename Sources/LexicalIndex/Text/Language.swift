/// A language whose words are reduced to their stems.
///
/// Terms of English are plain; those of another language begin with the control character that has its
/// number, so that a stem never stands for another language's word.
package enum Language: UInt8, CaseIterable, Sendable {
  case english = 0
  case german, french, spanish, italian, portuguese, dutch, swedish, norwegian, danish, finnish,
    russian

  /// The language that a text is written in, as far as its words of grammar tell.
  ///
  /// A text of which nothing is known is English, as is one with more English words of grammar than of any
  /// other language's. Words that are English as well say nothing for another language.
  ///
  /// - Parameter words: in lower case, with their diacritics.
  static func of(_ words: some Collection<String>) -> Language {
    var english = 0
    var cyrillic = 0
    var hits = [Int](repeating: 0, count: allCases.count)
    // A name that is said again is not more of a word of grammar.
    var seen: Set<String> = []
    for word in words {
      if StopWords.contains(word) {
        english += seen.insert(word).inserted ? 1 : 0
      } else if let languages = ForeignStopWords.telling[word] {
        cyrillic += isCyrillic(word) ? 1 : 0
        guard seen.insert(word).inserted else { continue }
        for language in allCases where languages.contains(language) {
          hits[Int(language.rawValue)] += 1
        }
      } else if isCyrillic(word) {
        cyrillic += 1
      }
    }
    if 2 * cyrillic > words.count { return .russian }
    guard let most = hits.max(), most > english, most >= fewestHits,
      let place = hits.firstIndex(of: most)
    else { return .english }
    return allCases[place]
  }

  private static func isCyrillic(_ word: String) -> Bool {
    word.unicodeScalars.first.map { (0x0400...0x04FF).contains($0.value) } ?? false
  }

  /// One word of grammar may be a name, or a word of English that is not known here.
  private static let fewestHits = 2

  /// What its terms begin with.
  var mark: String { self == .english ? "" : String(Unicode.Scalar(rawValue)) }

  /// The language of a term, by its first byte.
  static func ofTerm(_ first: UInt8?) -> Language {
    first.flatMap { $0 < 0x20 ? Language(rawValue: $0) : nil } ?? .english
  }

  /// The terms that stand for each of some words of this language: one, and the stem that it has without
  /// its diacritics where that is another, because not everybody writes them.
  func terms(of words: TextWords) -> [[String]] {
    guard self != .english else { return words.folded.map { [PorterStemmer.stem($0)] } }
    guard let stemmer = SnowballStemmer.of(self) else { return words.folded.map { [mark + $0] } }
    return zip(words.written, words.folded).map { written, folded in
      let term = mark + TextFolding.plain(stemmer.stem(written))
      guard written != folded else { return [term] }
      let other = mark + TextFolding.plain(stemmer.stem(folded))
      return other == term ? [term] : [term, other]
    }
  }
}

/// Some languages.
package struct Languages: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  init(_ language: Language) { rawValue = 1 << UInt64(language.rawValue) }

  func contains(_ language: Language) -> Bool { contains(Languages(language)) }

  /// Those of the foreign terms among some.
  var foreign: [Language] {
    rawValue <= 1 ? [] : Language.allCases.filter { $0 != .english && contains($0) }
  }
}
