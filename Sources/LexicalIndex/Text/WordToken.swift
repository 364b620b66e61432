/// A word as written, and the words that may be looked for instead of it.
///
/// A plain word stands for itself. An identifier, a path, a code or a hyphenated word stands for
/// the whole and for each of its parts, so that `parseRequest` is found by `request`, and by itself
/// before anything that merely holds both parts.
struct WordToken {
  private let scalars: [Unicode.Scalar]

  init(_ written: [Unicode.Scalar]) {
    scalars = Self.withoutClitic(written)
  }

  /// The whole and then its parts, or only the whole if it is its only part; all in lower case.
  var words: [String] {
    let parts = self.parts.map { Self.lowercase($0) }
    guard parts.count > 1 else { return parts }
    return [Self.lowercase(scalars[...].filter { $0 != "'" })] + parts
  }

  private static func lowercase(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return TextFolding.lowercase(String(view))
  }

  /// The word without an English ending that begins with its last apostrophe: `Ingrid's` is
  /// `Ingrid`, `she'll` is `she`, `don't` is `do`.
  ///
  /// Joining would make other words of some of them (`she'll` a shell, `I'll` ill).
  private static func withoutClitic(_ written: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard let apostrophe = written.lastIndex(of: "'") else { return written }
    switch lowercase(written[(apostrophe + 1)...]) {
    case "s", "ll", "re", "ve", "d", "m":
      return Array(written[..<apostrophe])
    case "t":
      let head = Array(written[..<apostrophe])
      switch lowercase(head) {
      case "can": return head
      case "won": return Array("will".unicodeScalars)
      case "shan": return Array("shall".unicodeScalars)
      case let negated where negated.utf8.count > 2 && negated.hasSuffix("n"):
        return Array(head.dropLast())
      default: return written
      }
    default:
      return written
    }
  }

  /// The runs between connectors, apostrophes and camelCase borders.
  private var parts: [ArraySlice<Unicode.Scalar>] {
    var parts: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    for position in scalars.indices {
      switch ScalarClass(scalars[position]) {
      case .connector, .apostrophe:
        if start < position { parts.append(scalars[start..<position]) }
        start = position + 1
      default:
        if start < position, isBorder(before: position) {
          parts.append(scalars[start..<position])
          start = position
        }
      }
    }
    if start < scalars.count { parts.append(scalars[start...]) }
    return parts
  }

  /// Whether a new part begins at this upper-case letter: `camel|Case`, `HTTP|Server`, `Foo2|Bar`.
  private func isBorder(before position: Int) -> Bool {
    guard isUpper(position) else { return false }
    if isLower(position - 1) { return true }
    // The last capital of a run begins the next word, unless a plural's s ends the run (`URLs`).
    guard isLower(position + 1), ScalarClass(scalars[position - 1]) == .word else { return false }
    let isPlural = scalars[position + 1] == "s" && !isLetterOrDigit(position + 2)
    return !isPlural
  }

  private func isLetterOrDigit(_ position: Int) -> Bool {
    position < scalars.count && ScalarClass(scalars[position]) == .word
  }

  private func isUpper(_ position: Int) -> Bool {
    scalars[position].properties.generalCategory == .uppercaseLetter
  }

  private func isLower(_ position: Int) -> Bool {
    position < scalars.count && scalars[position].properties.generalCategory == .lowercaseLetter
  }
}
