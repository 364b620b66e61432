/// A piece of a folded text.
enum Token {
  /// Letters and digits with the connectors and apostrophes between them, as written.
  case word([Unicode.Scalar])
  /// Letters of scripts without spaces, each with its marks.
  case unspaced([String])
  /// One emoji, without skin tone and presentation.
  case emoji(String)
}

/// Cuts a folded text into tokens, from front to back.
struct TokenScanner {
  private let scalars: [Unicode.Scalar]
  private let classes: [ScalarClass]
  private var position = 0

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    classes = scalars.map { ScalarClass($0) }
  }

  /// The next token, or nil at the end of the text.
  mutating func next() -> Token? {
    while position < scalars.count {
      switch classes[position] {
      case .word, .mark: return .word(word())
      case .unspaced: return .unspaced(unspacedRun())
      case .emoji: return .emoji(emoji())
      case .apostrophe, .connector, .joiner, .separator: position += 1
      }
    }
    return nil
  }

  private func classOf(_ position: Int) -> ScalarClass {
    position < classes.count ? classes[position] : .separator
  }

  private mutating func word() -> [Unicode.Scalar] {
    var word: [Unicode.Scalar] = []
    while true {
      switch classOf(position) {
      case .word, .mark:
        word.append(scalars[position])
        position += 1
      case .joiner:
        position += 1
      case .apostrophe where classOf(position + 1) == .word:
        word.append("'")
        position += 1
      case .connector:
        guard let end = endOfJoiningConnectors() else { return word }
        word.append(contentsOf: scalars[position..<end])
        position = end
      default:
        return word
      }
    }
  }

  /// Where the connectors that begin here end, if they join what is on their sides.
  ///
  /// One connector does, and `::`, `://` or `:\`; more are a dash, an ellipsis or a ruled line.
  private func endOfJoiningConnectors() -> Int? {
    var end = position + 1
    while classOf(end) == .connector { end += 1 }
    guard classOf(end) == .word else { return nil }
    let joins =
      end == position + 1
      || scalars[position..<end].allSatisfy { $0 == ":" || $0 == "/" || $0 == "\\" }
    return joins ? end : nil
  }

  private mutating func unspacedRun() -> [String] {
    var letters: [String] = []
    while true {
      switch classOf(position) {
      case .unspaced: letters.append(String(scalars[position]))
      case .mark: letters[letters.count - 1].unicodeScalars.append(scalars[position])
      case .joiner: break
      default: return letters
      }
      position += 1
    }
  }

  private mutating func emoji() -> String {
    var sequence = String.UnicodeScalarView()
    sequence.append(scalars[position])
    position += 1
    if Self.isRegionalIndicator(scalars[position - 1]) {
      if position < scalars.count, Self.isRegionalIndicator(scalars[position]) {
        sequence.append(scalars[position])
        position += 1
      }
      return String(sequence)
    }
    while position < scalars.count {
      if scalars[position].properties.isEmojiModifier {
        position += 1
      } else if classes[position] == .joiner, classOf(position + 1) == .emoji {
        sequence.append(contentsOf: scalars[position...(position + 1)])
        position += 2
      } else {
        break
      }
    }
    return String(sequence)
  }

  private static func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
    (0x1F1E6...0x1F1FF).contains(scalar.value)
  }
}
