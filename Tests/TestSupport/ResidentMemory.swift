import Foundation

/// How much memory a process holds, where the system says so.
package enum ResidentMemory {
  /// In bytes; nil where it cannot be told.
  package static func bytes(of process: Int32? = nil) -> Int? {
    let name = process.map(String.init) ?? "self"
    guard let text = try? String(contentsOfFile: "/proc/\(name)/statm", encoding: .utf8) else {
      return nil
    }
    let words = text.split(separator: " ")
    return words.count > 1 ? Int(words[1]).map { $0 * 4096 } : nil
  }
}
