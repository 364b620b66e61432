internal import Records

/// Where in the list of resources a page begins: first come sessions, then memories.
enum PageMark: Hashable {
  case beginning
  case sessions(PageCursor)
  /// The newest memory when there is no cursor.
  case memories(PageCursor?)

  static let unknown = ServiceError(
    .invalidArgument, "cursor is not one that a list returned: use nextCursor as it is.",
    field: "cursor")

  /// Reads a mark that a page gave.
  init(_ text: String) throws {
    let rest = String(text.dropFirst(2))
    switch text.prefix(2) {
    case "s.": self = .sessions(try PageCursor(rest))
    case "m.": self = .memories(rest.isEmpty ? nil : try PageCursor(rest))
    default: throw Self.unknown
    }
  }

  var text: String {
    switch self {
    case .beginning: ""
    case .sessions(let cursor): "s." + cursor.text
    case .memories(let cursor): "m." + (cursor?.text ?? "")
    }
  }

  var cursor: PageCursor? {
    switch self {
    case .beginning: nil
    case .sessions(let cursor): cursor
    case .memories(let cursor): cursor
    }
  }
}
