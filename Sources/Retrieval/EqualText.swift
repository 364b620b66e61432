import Foundation

/// When two contents are the same text: in NFC, trimmed, runs of white space as one blank, case kept.
package enum EqualText {
  /// The text in the form in which it is compared.
  package static func normalized(_ content: String) -> String {
    if isNormalized(content) { return content }
    return ascii(content)
      ?? content.precomposedStringWithCanonicalMapping
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Whether a text is of ASCII alone, with single blanks between its words: most contents are.
  private static func isNormalized(_ content: String) -> Bool {
    var before: UInt8 = 0x20
    for byte in content.utf8 {
      guard byte < 0x80, !(0x09...0x0D).contains(byte), byte != 0x20 || before != 0x20 else {
        return false
      }
      before = byte
    }
    return before != 0x20 || content.isEmpty
  }

  /// The same for a text of ASCII alone, which is in NFC already; nil for any other. Composing goes
  /// through another kind of string and took a sixth of the time of storing a short memory.
  private static func ascii(_ content: String) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(content.utf8.count)
    var isBetween = false
    for byte in content.utf8 {
      guard byte < 0x80 else { return nil }
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        isBetween = !bytes.isEmpty
        continue
      }
      if isBetween { bytes.append(0x20) }
      isBetween = false
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A hash of the normalized text (FNV-1a, 64 bits) to look equal texts up by; what is found is
  /// then compared in full.
  package static func hash(_ normalized: String) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in normalized.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return Int64(bitPattern: hash)
  }
}

/// A text that equals only the same scalars: `String` takes two spellings of é as equal, but what is
/// computed from them, such as the place of a word, differs.
package struct ExactText: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (a: ExactText, b: ExactText) -> Bool {
    a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
