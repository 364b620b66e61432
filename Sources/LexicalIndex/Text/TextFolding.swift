import Foundation

/// Makes texts that look or mean the same letters the same scalars: `café` and `cafe`, full-width
/// and half-width, ligatures, composed and decomposed.
enum TextFolding {
  /// The text in compatibility form without diacritics and invisible format characters;
  /// typographic apostrophes and hyphens become those of ASCII.
  ///
  /// Case is kept, because the borders of `camelCase` are found in it later.
  ///
  /// - Parameter keepsDiacritics: whether those of letters stay, as the rules of stems want them.
  static func fold(_ text: String, keepsDiacritics: Bool = false) -> String {
    // Plain ASCII, the usual case, is folded already.
    guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
    var kept = String.UnicodeScalarView()
    for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars
    where !isDropped(scalar) || (keepsDiacritics && (0x0300...0x036F).contains(scalar.value)) {
      switch scalar {
      case "\u{2019}", "\u{02BC}": kept.append("'")
      case "\u{2010}": kept.append("-")
      default: kept.append(scalar)
      }
    }
    // Composed again, so that a Hangul syllable or a voiced kana is one scalar.
    return String(kept).precomposedStringWithCanonicalMapping
  }

  /// A word without its diacritics, in lower case.
  static func plain(_ word: String) -> String { lowercase(fold(word)) }

  /// A folded word in lower case, with letters that have no decomposition spelt in simple ones.
  static func lowercase(_ word: String) -> String {
    let lower = word.lowercased()
    guard lower.utf8.contains(where: { $0 >= 0x80 }) else { return lower }
    var spelt = ""
    for scalar in lower.unicodeScalars {
      if let replacement = spellings[scalar] {
        spelt += replacement
      } else {
        spelt.unicodeScalars.append(scalar)
      }
    }
    return spelt
  }

  private static let spellings: [Unicode.Scalar: String] = [
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i",
    "þ": "th", "ς": "σ",
  ]

  /// Diacritics and format characters go; joiners and the zero-width space stay, because they join
  /// emoji and separate words.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark: isDiacritic(scalar.value)
    case .format: scalar != "\u{200D}" && scalar != "\u{200B}"
    default: false
    }
  }

  /// Marks that are put on a letter and may be left out in writing.
  ///
  /// Not every nonspacing mark is one: the vowels of Thai and of the Indic scripts and the voicing
  /// of kana make other words, so they stay.
  private static func isDiacritic(_ value: UInt32) -> Bool {
    switch value {
    case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
    case 0x0591...0x05C7: true  // Hebrew points and accents
    case 0x0610...0x061A, 0x064B...0x065F, 0x0670, 0x06D6...0x06ED: true  // Arabic vowel signs
    case 0xFE00...0xFE0F: true  // which picture of a character is meant
    default: false
    }
  }
}
