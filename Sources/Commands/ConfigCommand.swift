internal import App
package import ArgumentParser
internal import Foundation

/// `recollect config`
package struct ConfigCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show every setting: its value, where that comes from, and what it means.",
    discussion: """
      An option of the command line comes before the environment, the environment before the \
      settings file, the file before the default. The file is a JSON object with these keys, a dot \
      standing for an object in an object; the variable of a key is RECOLLECT_ and its name in \
      capitals, with _ for the dot.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  package init() {}

  private struct Report: Encodable {
    let file: String?
    let settings: [Settings.Explanation]
  }

  package func run() throws {
    let settings = try Settings(store.options(output))
    let report = Report(file: settings.file?.path, settings: settings.explanation)
    try output.print(report) {
      "Settings file: \(report.file ?? "none")"
        + "\n\n" + Self.table(settings.explanation)
    }
  }

  private static func table(_ settings: [Settings.Explanation]) -> String {
    let rows = settings.map { [$0.key, $0.value ?? "–", $0.origin.rawValue, $0.meaning] }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths + [0]).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
        .joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
