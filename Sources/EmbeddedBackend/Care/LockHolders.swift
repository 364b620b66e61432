internal import Foundation

/// Who holds locks of a file, where the system tells.
enum LockHolders {
  struct Holder {
    let process: Int32
    let isStopped: Bool
  }

  /// Nobody where the system does not tell, as macOS does not.
  static func of(_ file: URL) -> [Holder] {
    guard
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
      let inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value,
      let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
    else { return [] }
    // "1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234567 0 EOF"; who waits has "->" after the number.
    return locks.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[1] == "FLOCK", let process = Int32(fields[4]),
        fields[5].hasSuffix(":\(inode)")
      else { return nil }
      return Holder(process: process, isStopped: isStopped(process))
    }
  }

  private static func isStopped(_ process: Int32) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    // The state follows the name, which stands in parentheses and may hold any character.
    return status?.split(separator: ")").last?.first { $0 != " " } == "T"
  }
}
