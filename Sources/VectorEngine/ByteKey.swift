/// A key that is compared byte for byte.
///
/// `String` takes texts as equal that differ in bytes but mean the same characters (an é in one piece
/// and one in two). A wall between users must not depend on that, and a file is sorted by bytes.
struct ByteKey: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ByteKey, b: ByteKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
