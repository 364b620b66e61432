import Foundation
import TestSupport

/// A source file of the package.
struct SourceFile {
  /// Relative to the package.
  let path: String
  let lines: [String]

  /// The modules it imports.
  var imports: [String] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position <= 1,
        position + 1 < words.count,
        position == 0 || ["internal", "package", "public", "private"].contains(words[0])
      else { return nil }
      return words[position + 1].split(separator: ".").first.map(String.init)
    }
  }

  /// The Swift and C files below a folder of the package.
  static func all(below folder: String, endings: Set<String> = ["swift", "c", "h"]) -> [SourceFile]
  {
    let root = Checkout.root.appendingPathComponent(folder)
    guard let names = FileManager.default.enumerator(atPath: root.path) else { return [] }
    return names.compactMap { $0 as? String }.sorted()
      .filter { endings.contains(($0 as NSString).pathExtension) && !$0.contains(".build") }
      .map { name in
        let text = try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
        return SourceFile(
          path: "\(folder)/\(name)",
          lines: (text ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init))
      }
  }
}
