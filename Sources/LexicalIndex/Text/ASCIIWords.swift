/// The words of a text of ASCII alone, which most texts are, read byte by byte.
///
/// They are those that `TokenScanner` and `WordToken` give, in a tenth of the time: a run of letters and
/// digits in lower case is its own word, and only what joins several parts is looked at further.
struct ASCIIWords {
  private let bytes: [UInt8]
  private var position = 0
  private(set) var words: [String] = []

  /// Reads a text; nil when it holds anything else than ASCII.
  init?(_ text: String) {
    bytes = Array(text.utf8)
    guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
    while position < bytes.count {
      if Self.isWord(bytes[position]) { readWord() } else { position += 1 }
    }
  }

  private mutating func readWord() {
    let start = position
    let isPlain = skipWord()
    let word = bytes[start..<position]
    guard !isPlain else {
      words.append(String(decoding: word.map { $0 | (Self.isUpper($0) ? 0x20 : 0) }, as: UTF8.self))
      return
    }
    words += WordToken(word.map { Unicode.Scalar($0) }).words
  }

  /// Goes to the end of the word that begins here; true when nothing in it can separate parts.
  private mutating func skipWord() -> Bool {
    let start = position
    var isPlain = true
    while position < bytes.count {
      let byte = bytes[position]
      if Self.isWord(byte) {
        if position > start, Self.isUpper(byte) { isPlain = false }
        position += 1
      } else if let end = endOfJoint() {
        isPlain = false
        position = end
      } else {
        break
      }
    }
    return isPlain
  }

  /// Where an apostrophe or connectors that begin here end, if they join what is on their sides.
  private func endOfJoint() -> Int? {
    var end = position + 1
    if bytes[position] != UInt8(ascii: "'") {
      guard Self.isConnector(bytes[position]) else { return nil }
      while end < bytes.count, Self.isConnector(bytes[end]) { end += 1 }
    }
    guard end < bytes.count, Self.isWord(bytes[end]) else { return nil }
    let joins = end == position + 1 || bytes[position..<end].allSatisfy(Self.mayRepeat)
    return joins ? end : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    let letter = byte | 0x20
    return (letter >= 0x61 && letter <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
  }

  private static func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }

  private static func isConnector(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "@"): true
    default: mayRepeat(byte)
    }
  }

  /// Whether several of them still join, as in `::`, `://` or `:\`.
  private static func mayRepeat(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
  }
}
