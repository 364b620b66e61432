/// Reduces an English word to its stem, so that `connected` finds `connection`.
///
/// The algorithm is M. F. Porter's, "An algorithm for suffix stripping", Program 14(3), 1980, with
/// the three revisions that its author published with his own implementation: words of one or two
/// letters stay as they are, `bli` becomes `ble` (the article had `abli` to `able`), and `logi`
/// becomes `log`.
///
/// A word is a sequence C?(VC){m}V? of runs of consonants and vowels; `m`, its measure, says how
/// much of a word is left before a suffix, and thereby whether the suffix may go. In each step the
/// longest suffix that fits is the only one that is tried.
package enum PorterStemmer {
  /// The stem of a word of lower-case ASCII letters; any other text comes back unchanged.
  ///
  /// - Complexity: O(length of the word).
  package static func stem(_ word: String) -> String {
    guard word.utf8.count > 2, word.utf8.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }) else {
      return word
    }
    var letters = Array(word.utf8)
    removePlural(&letters)
    removePastAndGerund(&letters)
    replaceFinalY(&letters)
    replace(SuffixRule.doubleSuffixes, in: &letters)
    replace(SuffixRule.adjectiveSuffixes, in: &letters)
    removeResidualSuffix(&letters)
    tidy(&letters)
    return String(decoding: letters, as: UTF8.self)
  }

  /// Step 1a: plurals.
  private static func removePlural(_ word: inout [UInt8]) {
    if word.ends(in: "sses") || word.ends(in: "ies") {
      word.removeLast(2)
    } else if word.ends(in: "s"), !word.ends(in: "ss") {
      word.removeLast()
    }
  }

  /// Step 1b: `ed` and `ing`, and what has to be mended when they are gone.
  private static func removePastAndGerund(_ word: inout [UInt8]) {
    if word.ends(in: "eed") {
      if word.measure(of: word.count - 3) > 0 { word.removeLast() }
      return
    }
    if word.ends(in: "ed"), word.hasVowel(before: word.count - 2) {
      word.removeLast(2)
    } else if word.ends(in: "ing"), word.hasVowel(before: word.count - 3) {
      word.removeLast(3)
    } else {
      return
    }
    if word.ends(in: "at") || word.ends(in: "bl") || word.ends(in: "iz") {
      word.append(UInt8(ascii: "e"))
    } else if word.endsInDoubleConsonant {
      if !word.ends(in: "l"), !word.ends(in: "s"), !word.ends(in: "z") { word.removeLast() }
    } else if word.measure(of: word.count) == 1, word.endsShort(at: word.count) {
      word.append(UInt8(ascii: "e"))
    }
  }

  /// Step 1c: a final `y` after a stem with a vowel.
  private static func replaceFinalY(_ word: inout [UInt8]) {
    if word.ends(in: "y"), word.hasVowel(before: word.count - 1) {
      word[word.count - 1] = UInt8(ascii: "i")
    }
  }

  /// Steps 2 and 3: the first suffix that fits is replaced if a measure is left before it.
  private static func replace(_ rules: [SuffixRule], in word: inout [UInt8]) {
    guard let rule = rules.first(where: { word.ends(in: $0.suffix) }) else { return }
    let stem = word.count - rule.suffix.utf8.count
    if word.measure(of: stem) > 0 {
      word.replaceSubrange(stem..., with: rule.replacement.utf8)
    }
  }

  /// Step 4: suffixes that go without replacement when a measure above one is left.
  private static func removeResidualSuffix(_ word: inout [UInt8]) {
    guard let suffix = SuffixRule.residualSuffixes.first(where: { word.ends(in: $0) }) else {
      return
    }
    let stem = word.count - suffix.utf8.count
    if suffix == "ion" {
      guard stem > 0, word[stem - 1] == UInt8(ascii: "s") || word[stem - 1] == UInt8(ascii: "t")
      else { return }
    }
    if word.measure(of: stem) > 1 { word.removeLast(word.count - stem) }
  }

  /// Step 5: a final `e`, and one of two final `l`.
  private static func tidy(_ word: inout [UInt8]) {
    if word.ends(in: "e") {
      let stem = word.count - 1
      let measure = word.measure(of: stem)
      if measure > 1 || (measure == 1 && !word.endsShort(at: stem)) { word.removeLast() }
    }
    if word.ends(in: "ll"), word.measure(of: word.count - 1) > 1 { word.removeLast() }
  }
}

/// A suffix and what takes its place.
private struct SuffixRule {
  let suffix: String
  let replacement: String

  init(_ suffix: String, _ replacement: String) {
    self.suffix = suffix
    self.replacement = replacement
  }

  /// Step 2. Of two suffixes that fit one word the longer comes first.
  static let doubleSuffixes = [
    SuffixRule("ational", "ate"), SuffixRule("tional", "tion"), SuffixRule("enci", "ence"),
    SuffixRule("anci", "ance"), SuffixRule("izer", "ize"), SuffixRule("bli", "ble"),
    SuffixRule("alli", "al"), SuffixRule("entli", "ent"), SuffixRule("eli", "e"),
    SuffixRule("ousli", "ous"), SuffixRule("ization", "ize"), SuffixRule("ation", "ate"),
    SuffixRule("ator", "ate"), SuffixRule("alism", "al"), SuffixRule("iveness", "ive"),
    SuffixRule("fulness", "ful"), SuffixRule("ousness", "ous"), SuffixRule("aliti", "al"),
    SuffixRule("iviti", "ive"), SuffixRule("biliti", "ble"), SuffixRule("logi", "log"),
  ]

  /// Step 3.
  static let adjectiveSuffixes = [
    SuffixRule("icate", "ic"), SuffixRule("ative", ""), SuffixRule("alize", "al"),
    SuffixRule("iciti", "ic"), SuffixRule("ical", "ic"), SuffixRule("ful", ""),
    SuffixRule("ness", ""),
  ]

  /// Step 4; `ion` goes only after `s` or `t`.
  static let residualSuffixes = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
  ]
}

extension [UInt8] {
  fileprivate func ends(in suffix: String) -> Bool {
    // Most suffixes differ in their last letter already.
    guard last == suffix.utf8.last else { return false }
    let length = suffix.utf8.count
    return length <= count && self[(count - length)...].elementsEqual(suffix.utf8)
  }

  /// A letter other than a, e, i, o, u; `y` is a vowel after a consonant.
  private func isConsonant(_ position: Int) -> Bool {
    switch self[position] {
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"),
      UInt8(ascii: "u"):
      false
    case UInt8(ascii: "y"):
      position == 0 || !isConsonant(position - 1)
    default:
      true
    }
  }

  /// How often a vowel is followed by a consonant in the first `length` letters.
  fileprivate func measure(of length: Int) -> Int {
    var changes = 0
    var afterVowel = false
    for position in 0..<length {
      let consonant = isConsonant(position)
      if consonant, afterVowel { changes += 1 }
      afterVowel = !consonant
    }
    return changes
  }

  fileprivate func hasVowel(before end: Int) -> Bool {
    (0..<end).contains { !isConsonant($0) }
  }

  fileprivate var endsInDoubleConsonant: Bool {
    count >= 2 && self[count - 1] == self[count - 2] && isConsonant(count - 1)
  }

  /// Whether the first `length` letters end in consonant, vowel, consonant, the last not w, x or y:
  /// such a short syllable wants its `e` (hop, but hope).
  fileprivate func endsShort(at length: Int) -> Bool {
    guard length >= 3, isConsonant(length - 1), !isConsonant(length - 2), isConsonant(length - 3)
    else { return false }
    let last = self[length - 1]
    return last != UInt8(ascii: "w") && last != UInt8(ascii: "x") && last != UInt8(ascii: "y")
  }
}
