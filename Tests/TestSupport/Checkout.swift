import Foundation

/// Where things of this package are while its tests run.
package enum Checkout {
  /// The folder of `Package.swift`.
  package static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The program that was built together with the tests: it lies beside their bundle.
  package static var program: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("recollect")
  }

  /// A folder of reference data that may stand beside the checkout, or nil, said loudly.
  package static func shared(_ path: String) -> URL? {
    let folder =
      ProcessInfo.processInfo.environment["RECOLLECT_TEST_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? root.deletingLastPathComponent().appendingPathComponent("shared")
    let url = folder.appendingPathComponent(path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      FileHandle.standardError.write(
        Data("NOT TESTED: \(url.path) is not there, so what needs it was passed over\n".utf8))
      return nil
    }
    return url
  }
}
