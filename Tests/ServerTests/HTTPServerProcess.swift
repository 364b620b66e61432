import Foundation
import Records
import TestSupport
import Testing

/// `recollect serve --http`, really running.
final class HTTPServerProcess {
  let process = Process()
  private(set) var port: UInt16 = 0
  private let errors = Pipe()

  init(
    _ directory: URL, options: [String] = [], environment: [String: String] = [:],
    openFiles: Int? = nil
  ) throws {
    let arguments =
      ["serve", "--http", "127.0.0.1:0", "--data-directory", directory.path, "--model", "hashing"]
      + options
    if let openFiles {
      // The shell becomes the program, so signals reach it.
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments =
        ["-c", "ulimit -n \(openFiles); exec \"$0\" \"$@\"", Checkout.program.path] + arguments
    } else {
      process.executableURL = Checkout.program
      process.arguments = arguments
    }
    process.environment = [
      "HOME": NSHomeDirectory(), "PATH": "/usr/bin:/bin",
    ].merging(environment) { _, new in new }
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    var text = ""
    while !text.contains("/mcp\n") {
      let more = try errors.fileHandleForReading.nextData()
      guard !more.isEmpty else { throw ServerProcess.Failure(text: "it did not start: \(text)") }
      text += String(decoding: more, as: UTF8.self)
    }
    let found = try #require(text.firstMatch(of: /:([0-9]+)\/mcp\n/))
    port = try #require(UInt16(found.1))
    // What it has to say later goes the same way as what the tests say.
    Thread.detachNewThread { [errors] in
      while case let data = errors.fileHandleForReading.availableData, !data.isEmpty {
        FileHandle.standardError.write(data)
      }
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitForEnd()
  }

  var url: String { "http://127.0.0.1:\(port)/mcp" }

  /// Asks the process to end, and waits, but not for ever; returns its exit status, and that of a kill
  /// when it did not end.
  func end() -> Int32 {
    process.terminate()
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitForEnd()
    return process.terminationStatus
  }
}
