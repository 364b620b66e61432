import Foundation
import Records
import TestSupport
import Testing

/// What is left of a database that is gone has no part in the one that is restored in its place.
@Suite struct RestoreTests {
  @Test func `the log of a database that was removed is not played into a restored one`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data")
    let backup = directory.url.appendingPathComponent("backup.sqlite").path
    func run(_ arguments: String...) throws -> RecollectProcess.Outcome {
      try RecollectProcess().run(arguments + ["--data-directory", data.path, "--model", "hashing"])
    }
    let server = try ServerProcess(data)
    _ = try server.initialize()
    for number in 0..<20 {
      _ = try server.call("add_memory", ["content": .string("kept \(number)")])
    }
    #expect(try run("backup", backup).status == 0)
    for number in 0..<20 {
      _ = try server.call("add_memory", ["content": .string("lost \(number)")])
    }
    server.kill()
    let file = data.appendingPathComponent("recollect.sqlite")
    let log = try Data(contentsOf: URL(fileURLWithPath: file.path + "-wal"))
    #expect(log.count > 8192, "a log with commits in it")
    try FileManager.default.removeItem(at: file)
    #expect(try run("restore", backup).status == 0)
    let restored = try run("export").text
    #expect(restored.contains("kept 19") && !restored.contains("lost"))
    #expect(try run("doctor").status == 0)
  }
}
