/// A user's or a session's name, compared byte for byte.
///
/// `String` holds `é` and `e` with a combining accent to be equal; to the database they are two
/// users, so an index that took them for one would let one read the other's rows.
struct ExactKey: Hashable, Sendable {
  let name: String

  init(_ name: String) {
    self.name = name
  }

  static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.name == right.name && left.name.utf8.elementsEqual(right.name.utf8)
  }

  // Names of equal bytes are equal as strings, so the string's hash will do.
  func hash(into hasher: inout Hasher) {
    hasher.combine(name)
  }
}
