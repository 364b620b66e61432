/// What a scalar of a folded text means for finding the words in it.
enum ScalarClass {
  /// A letter or digit of a script that separates its words.
  case word
  /// A letter of a script that is written without spaces, or whose words carry their particles.
  case unspaced
  /// A mark that belongs to the letter before it.
  case mark
  case apostrophe
  /// A character that joins the parts of identifiers, paths and codes: `_ - . / \ : @`.
  case connector
  case emoji
  /// The zero-width joiner.
  case joiner
  case separator

  init(_ scalar: Unicode.Scalar) {
    self = scalar.isASCII ? Self.ofASCII(scalar) : Self.beyondASCII(scalar)
  }

  private static func ofASCII(_ scalar: Unicode.Scalar) -> ScalarClass {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9": .word
    case "_", "-", ".", "/", "\\", ":", "@": .connector
    case "'": .apostrophe
    default: .separator
    }
  }

  private static func beyondASCII(_ scalar: Unicode.Scalar) -> ScalarClass {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return isUnspaced(scalar) ? .unspaced : .word
    case .letterNumber: return isUnspaced(scalar) ? .unspaced : .word
    case .decimalNumber, .otherNumber: return .word
    case .nonspacingMark, .spacingMark: return .mark
    case .format: return scalar == "\u{200D}" ? .joiner : .separator
    default:
      // Below the arrows, "emoji" are signs such as © that nobody means as one.
      return scalar.value >= 0x2190 && scalar.properties.isEmoji ? .emoji : .separator
    }
  }

  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF: true  // Thai, Lao
    case 0x1000...0x109F, 0x1780...0x17FF: true  // Myanmar, Khmer
    case 0x1100...0x11FF, 0x3130...0x318F, 0xA960...0xA97F, 0xAC00...0xD7FF: true  // Hangul
    case 0x3005...0x3007, 0x3040...0x30FF, 0x31F0...0x31FF, 0x1B000...0x1B16F: true  // kana
    case 0x3100...0x312F, 0x31A0...0x31BF: true  // Bopomofo
    default: scalar.properties.isIdeographic
    }
  }
}
