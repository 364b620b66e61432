internal import Records

/// Rows whose columns stand below one another.
struct Table {
  private let columns: [Column]
  private var rows: [[String]] = []

  /// What a column is called and on which side it is filled up.
  struct Column: ExpressibleByStringLiteral {
    let title: String
    var isNumber = false

    init(stringLiteral title: String) { self.title = title }

    /// A column whose digits stand below one another.
    static func number(_ title: String) -> Column {
      var column = Column(stringLiteral: title)
      column.isNumber = true
      return column
    }
  }

  init(_ columns: Column...) { self.columns = columns }

  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The table without blanks at the ends of its lines.
  var text: String {
    let lines = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      let padded = cells.enumerated().map { column, cell in
        columns[column].isNumber
          ? cell.leftPadded(widths[column]) : cell.rightPadded(widths[column])
      }
      return padded.joined(separator: "  ").withoutTrailingBlanks
    }.joined(separator: "\n")
  }
}

/// Names and values, one a line, the values below one another.
struct Fields {
  private var lines: [(name: String, value: String)] = []

  /// Adds a line, unless there is no value.
  mutating func add(_ name: String, _ value: String?) {
    guard let value, !value.isEmpty else { return }
    lines.append((name, value))
  }

  mutating func add(_ name: String, _ metadata: [String: JSONValue]) throws {
    add(name, metadata.isEmpty ? nil : try JSON.text(metadata))
  }

  /// Adds the counts of a dictionary, most first.
  mutating func add(_ name: String, counts: [String: Int]) {
    let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    add(name, ordered.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
  }

  var text: String {
    let width = lines.map(\.name.count).max() ?? 0
    return lines.map { "\($0.name.rightPadded(width))  \($0.value)" }.joined(separator: "\n")
  }
}

extension String {
  func rightPadded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  /// The text on one line, its blanks as one each, cut to so many characters.
  func line(_ length: Int) -> String {
    let words = split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count <= length ? words : words.prefix(length - 1) + "…"
  }

  fileprivate var withoutTrailingBlanks: String {
    guard let last = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[...last])
  }
}

extension Timestamp {
  /// `2026-11-22 14:05`, in UTC.
  var short: String {
    let text = description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
  }
}

/// How many of a list are shown, and how to see the next ones.
func footer(_ shown: Int, of total: Int, _ noun: String, next: String?) -> String {
  let more = next.map { " Next page: --cursor \($0)" } ?? ""
  return "\(shown) of \(total) \(noun).\(more)"
}
