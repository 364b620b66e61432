/// How many tokens a language model makes of a text, estimated on the high side.
///
/// Every model cuts texts in its own way, and which one will read a context is not known here. So
/// the estimate is what the common byte-pair vocabularies need at most in ordinary text: a token for
/// four letters of a word, for two digits, for each sign and line end, and for every two bytes of
/// what is not ASCII. English prose has about a fifth fewer.
package enum TokenEstimate {
  /// The tokens of a text; of a text put together of lines no more than those of the lines.
  ///
  /// - Complexity: O(bytes).
  package static func tokens(of text: some StringProtocol) -> Int {
    var count = 0
    var run = Run()
    for byte in text.utf8 {
      let kind = Kind(byte)
      if kind != run.kind {
        count += run.tokens
        run = Run(kind: kind)
      }
      run.length += 1
    }
    return count + run.tokens
  }

  private enum Kind {
    case letter, digit, blank, sign, other

    init(_ byte: UInt8) {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        self = .letter
      case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digit
      case UInt8(ascii: " "), UInt8(ascii: "\t"): self = .blank
      case 0..<0x80: self = .sign
      default: self = .other
      }
    }
  }

  /// Bytes of one kind in a row.
  private struct Run {
    var kind = Kind.blank
    var length = 0

    var tokens: Int {
      switch kind {
      case .letter: (length + 3) / 4
      case .digit, .other: (length + 1) / 2
      case .sign: length
      // One blank goes with the word behind it.
      case .blank: (length + 2) / 4
      }
    }
  }
}
