/// A key that is compared byte for byte.
///
/// `String` takes texts as equal that differ in bytes but mean the same characters (an é in one piece
/// and one in two). A wall between users must not depend on that, and a file is sorted by bytes.
struct ByteKey: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ByteKey, b: ByteKey) -> Bool {
    let (first, second) = (a.text.utf8.span, b.text.utf8.span)
    guard first.count == second.count else { return false }
    for i in first.indices where first[i] != second[i] { return false }
    return true
  }

  func hash(into hasher: inout Hasher) {
    let bytes = text.utf8.span
    hasher.combine(bytes.count)
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }
}
