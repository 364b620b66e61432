import CMachineLimits
import Foundation

/// What the limits belong to.
struct Machine: Encodable {
  let processor: String
  let cores: Int
  let secondLevelCache: Int?
  let lastLevelCache: Int?
  let system: String
  let load: [Double]
  let blas: String
  let blasCore: String
  /// What the environment tells BLAS about the processor, which may be slower than what it finds.
  let blasCoreWanted: String?

  init() {
    processor =
      Self.value(of: "model name", in: "/proc/cpuinfo")
      ?? Self.value(of: "CPU part", in: "/proc/cpuinfo") ?? "unknown"
    cores = ProcessInfo.processInfo.activeProcessorCount
    secondLevelCache = Self.cache(2)
    lastLevelCache = Self.cache(3)
    system = ProcessInfo.processInfo.operatingSystemVersionString
    load =
      (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?
      .split(separator: " ").prefix(3).compactMap { Double($0) } ?? []
    blas = unsafe String(cString: ml_blas_name())
    blasCore = unsafe String(cString: ml_blas_core())
    blasCoreWanted = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"]
  }

  private static func value(of key: String, in file: String) -> String? {
    let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n")
    let line = lines?.first { $0.hasPrefix(key) }
    return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
  }

  /// The bytes of the first core's cache of a level, as the kernel tells them.
  private static func cache(_ level: Int) -> Int? {
    let folder = "/sys/devices/system/cpu/cpu0/cache"
    for index in 0..<8 {
      func text(_ name: String) -> String? {
        (try? String(contentsOfFile: "\(folder)/index\(index)/\(name)", encoding: .utf8))?
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      guard text("level") == String(level), let size = text("size"), size.hasSuffix("K") else {
        continue
      }
      return Int(size.dropLast()).map { $0 << 10 }
    }
    return nil
  }
}
