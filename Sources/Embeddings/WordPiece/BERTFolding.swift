import Foundation

/// What the normalisation of an uncased BERT model makes of each scalar of a text.
///
/// Control characters go; white space of any kind is one kind; canonical decomposition is followed
/// by the removal of non-spacing marks (so accents go) and by lower case; ideographs and
/// punctuation become words of their own. None of this looks at neighbours: the order of marks, the
/// only thing in canonical decomposition that does, is lost with the marks. So it is done scalar by
/// scalar, and every piece of a word knows where in the text it came from.
struct BERTFolding {
  /// A part of what a scalar becomes.
  enum Part: Equatable {
    /// The word before it ends here.
    case space
    /// A word of its own, in UTF-8.
    case alone([UInt8])
    /// Belongs to the word around it, in UTF-8.
    case letter([UInt8])
  }

  /// What was found for scalars beyond ASCII. Texts use few different ones, and asking costs more
  /// than remembering.
  private var known: [Unicode.Scalar: [Part]] = [:]
  private static let ascii: [[Part]] = (0..<128).map { parts(of: Unicode.Scalar(UInt8($0))) }
  private let ascii = Self.ascii

  /// What the scalar becomes: nothing, or usually one part.
  mutating func callAsFunction(_ scalar: Unicode.Scalar) -> [Part] {
    if scalar.isASCII { return ascii[Int(scalar.value)] }
    if let parts = known[scalar] { return parts }
    let parts = Self.parts(of: scalar)
    known[scalar] = parts
    return parts
  }

  private static func parts(of scalar: Unicode.Scalar) -> [Part] {
    if isWhiteSpace(scalar) { return [.space] }
    if isRemoved(scalar) { return [] }
    let ideograph = isIdeograph(scalar)
    return String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
      .filter { $0.properties.generalCategory != .nonspacingMark }
      .flatMap { $0.properties.lowercaseMapping.unicodeScalars }
      .map { folded in
        if folded.properties.isWhitespace { return .space }
        let bytes = Array(String(folded).utf8)
        return ideograph || isPunctuation(folded) ? .alone(bytes) : .letter(bytes)
      }
  }

  private static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\n", "\r": true
    // Vertical tab, form feed and next line are control characters first.
    default: scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
    }
  }

  private static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse: true
    default: scalar == "\u{FFFD}"
    }
  }

  /// Whether the model treats the scalar as a word: the blocks of CJK ideographs, not the syllables
  /// of Japanese and Korean.
  private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B820...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // In ASCII also what Unicode calls symbols: $ + < = > ^ ` | ~
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    return switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }
}
