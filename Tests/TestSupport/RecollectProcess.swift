import Foundation

/// Runs the real program `recollect` of the build that the tests belong to.
///
/// The build puts the program and the bundle of the tests in one directory, so it is found beside
/// whatever runs the tests: the directory of the process's own path, or one above it (on macOS the
/// bundle is a folder).
package struct RecollectProcess: Sendable {
  /// How a run ended.
  package struct Outcome: Sendable {
    /// The exit code; a run that a signal ended has 128 more than the signal, as in a shell.
    package let status: Int32
    package let standardOutput: Data
    package let standardError: String

    package var text: String { String(decoding: standardOutput, as: UTF8.self) }
  }

  /// The program is not where the build should have put it.
  package struct Missing: Error, CustomStringConvertible {
    package let description: String
  }

  private let program: URL

  /// Finds the program.
  package init() throws {
    let here = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
    var directory = here.deletingLastPathComponent()
    for _ in 0..<5 {
      let candidate = directory.appendingPathComponent("recollect")
      var isFolder: ObjCBool = false
      let isThere = unsafe FileManager.default.fileExists(
        atPath: candidate.path, isDirectory: &isFolder)
      if isThere && !isFolder.boolValue {
        program = candidate
        return
      }
      directory.deleteLastPathComponent()
    }
    throw Missing(description: "There is no program 'recollect' beside \(here.path) or above.")
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: what follows the program's name.
  ///   - stdin: what it reads from standard input.
  ///   - environment: added to that of the tests; these win.
  package func run(
    _ arguments: [String], stdin: Data = Data(), environment: [String: String] = [:]
  ) throws -> Outcome {
    // Files instead of pipes: however much is written, nobody waits for a reader.
    let directory = try TemporaryDirectory()
    func file(_ name: String, _ content: Data = Data()) throws -> URL {
      let url = directory.url.appendingPathComponent(name)
      try content.write(to: url)
      return url
    }
    let (input, output, errors) = (
      try file("stdin", stdin), try file("stdout"), try file("stderr")
    )
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitForEnd()
    let signalled = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: process.terminationStatus + (signalled ? 128 : 0),
      standardOutput: try Data(contentsOf: output),
      standardError: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }
}
