internal import Foundation

/// The space that a folder's files take.
enum FolderSize {
  /// The sum of the lengths of a folder's files.
  static func bytes(of folder: URL) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).reduce(0) { sum, name in
      let path = folder.appendingPathComponent(name).path
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
      return sum + (size?.intValue ?? 0)
    }
  }

  /// Bytes as a person reads them.
  static func text(_ bytes: Int) -> String {
    bytes < 10_000_000
      ? "\((Double(bytes) / 1e3).rounded(places: 1)) kB"
      : "\((Double(bytes) / 1e6).rounded(places: 1)) MB"
  }
}

/// The memory of this process.
enum ProcessMemory {
  /// The most that was resident at any time, in bytes.
  static func peak() -> Int {
    var usage = rusage()
    #if os(Linux)
    guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
    #else
    guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
    return usage.ru_maxrss
    #endif
  }
}

extension Double {
  /// Rounded for showing.
  func rounded(places: Int) -> Double {
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}
