/// Tables that also read well unrendered.
package enum MarkdownTable {
  /// - Parameter rows: the first one is the head; the first column is set left, the others right.
  package static func text(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + blanks : blanks + cell.0
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = widths.enumerated().map { column, width in
      column == 0
        ? String(repeating: "-", count: width) : String(repeating: "-", count: width - 1) + ":"
    }
    return
      ([line(rows[0]), "| " + rule.joined(separator: " | ") + " |"]
      + rows.dropFirst().map(line)).joined(separator: "\n")
  }
}
