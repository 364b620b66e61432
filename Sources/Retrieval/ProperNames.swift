/// What a query names: persons, places, products, symbols.
///
/// A query that names somebody of whom the scope never speaks is likely to be about something else,
/// however near its other words are. Names are told by their capitals inside a sentence, so none are
/// known in a script without case, in a title, or in German, where every noun has one.
package enum ProperNames {
  /// The names in the order of the query, without what stands around them.
  package static func of(_ query: String) -> [String] {
    var names: [String] = []
    var (small, capital) = (0, 0)
    var beginsSentence = true
    for token in query.split(whereSeparator: \.isWhitespace) {
      let word = trimmed(token)
      defer { beginsSentence = token.last.map { ".!?:".contains($0) } ?? false }
      guard let first = word.first else { continue }
      if german.contains(beginsSentence ? word.lowercased() : word) { return [] }
      if first.isLowercase { small += 1 }
      if first.isUppercase, !beginsSentence { capital += 1 }
      let isName = first.isUppercase && !beginsSentence && word.contains(where: \.isLowercase)
      if (isName && !isCommon(word)) || isSymbol(word) { names.append(word) }
    }
    return small < capital ? [] : names
  }

  /// Without punctuation around it and the ending of a genitive.
  private static func trimmed(_ token: Substring) -> String {
    func isOuter(_ character: Character) -> Bool { !character.isLetter && !character.isNumber }
    guard let first = token.firstIndex(where: { !isOuter($0) }),
      let last = token.lastIndex(where: { !isOuter($0) })
    else { return "" }
    let word = token[first...last]
    for ending in ["'s", "’s"] where word.hasSuffix(ending) { return String(word.dropLast(2)) }
    return String(word)
  }

  /// A word as only programs have them: `parse_request`, `parseRequest`, `std::sort`, `x86`, `main.swift`.
  private static func isSymbol(_ word: String) -> Bool {
    // Abbreviations such as e.g. are none.
    guard word.count > 2, word != "e.g", word != "i.e" else { return false }
    var before: Character?
    for (position, character) in zip(word.indices, word) {
      defer { before = character }
      guard let before else { continue }
      if character == "_" || (before == ":" && character == ":") { return true }
      if before.isLowercase, character.isUppercase { return true }
      if before.isLetter, character.isASCII, character.isNumber { return true }
      // Digits before letters are ordinals and units too: 8th, 40km.
      if before.isLowercase, character == "." || character == "/" {
        let next = word.index(after: position)
        if next < word.endIndex, word[next].isLowercase { return true }
      }
    }
    return false
  }

  private static func isCommon(_ word: String) -> Bool {
    word.count < 3 || common.contains(word.lowercased())
  }

  /// Of the words with a capital those that name nobody: times, and what stands in titles.
  private static let common: Set<String> = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october",
    "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov", "dec", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "christmas", "easter", "english", "the", "this", "that", "these", "those", "and", "but", "for",
    "with", "from", "into", "about", "what", "when", "where", "which", "who", "whom", "whose",
    "why",
    "how", "are", "was", "were", "did", "does", "can", "could", "will", "would", "should", "have",
    "has", "had", "you", "your", "our", "their", "his", "her", "its", "she", "they", "not", "all",
    "any", "please",
  ]

  /// Words of German questions, as they are written inside a sentence, that English does not have.
  private static let german: Set<String> = [
    "der", "das", "dem", "ein", "eine", "einen", "einem", "und", "oder", "ist", "sind", "waren",
    "wir", "ich", "nicht", "mit", "von", "zu", "zum", "zur", "im", "wie", "wann", "warum", "wieso",
    "welche", "welcher", "welches", "welchen", "wer", "wo", "haben", "habe", "hatte",
    "wurde",
    "wird", "über", "für", "beim", "unser", "unsere", "mein", "meine",
  ]
}
