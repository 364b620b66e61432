import Foundation
import Records
import TestSupport
import Testing

/// The index of a store, as a person looks after it.
@Suite struct IndexStoreTests {
  private func run(_ arguments: [String], _ folder: URL, stdin: String = "") throws
    -> RecollectProcess.Outcome
  {
    try RecollectProcess().run(
      arguments + ["--data-directory", folder.path, "--model", "hashing"], stdin: Data(stdin.utf8))
  }

  /// Runs the program and kills it after a while, unless it ends before.
  private func runAndKill(after seconds: Double, _ arguments: [String], _ folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments =
      ["-s", "KILL", "\(seconds)", Checkout.program.path] + arguments
      + ["--data-directory", folder.path, "--model", "hashing"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitForEnd()
  }

  private func expectSound(_ folder: URL, _ vectors: Int64, _ comment: Comment) throws {
    let outcome = try run(["index", "verify", "--json"], folder)
    #expect(outcome.status == 0, "\(comment): \(outcome)")
    let report = try JSON.value(JSONValue.self, from: outcome.standardOutput)
    #expect(report["vectors"] == .integer(vectors) && report["sound"] == .bool(true), comment)
  }

  @Test
  func `an index that was killed while it was built, or damaged, is whole for the next command`()
    throws
  {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appendingPathComponent("data")
    let index = folder.appendingPathComponent("index")
    let lines = (0..<1500).map {
      #"{"kind":"memory","user_id":"u\#($0 % 7)","content":"note \#($0) about apples and pears"}"#
    }
    #expect(try run(["import", "-"], folder, stdin: lines.joined(separator: "\n")).status == 0)
    // The import has sealed before it reported.
    func segments() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: index.path).filter {
        $0.hasSuffix(".rvs")
      }
    }
    #expect(try !segments().isEmpty)
    try expectSound(folder, 1500, "after the import")
    var generator = SeededGenerator(seed: 3)
    for round in 0..<8 {
      let seconds = Double.random(in: 0.02...0.4, using: &generator)
      try runAndKill(after: seconds, ["index", "rebuild"], folder)
      if round % 3 == 0 { try expectSound(folder, 1500, "round \(round), killed after \(seconds)") }
      let found = try run(["search", "note 77 apples", "--user", "u0", "--json"], folder)
      #expect(found.status == 0 && found.text.contains("note 77 about"), "round \(round)")
    }
    let file = index.appendingPathComponent(try #require(try segments().first))
    var bytes = [UInt8](try Data(contentsOf: file))
    for place in stride(from: 5000, to: bytes.count, by: 4096) { bytes[place] ^= 4 }
    try Data(bytes).write(to: file)
    let damaged = try run(["index", "verify", "--json"], folder)
    let report = try JSON.value(JSONValue.self, from: damaged.standardOutput)
    #expect(damaged.status == 3 && report["sound"] == false && report["missing"] == 0)
    #expect(report["damage"]?.string?.contains("damaged") == true)
    try expectSound(folder, 1500, "after damage was reported")
    try FileManager.default.removeItem(at: index)
    #expect(try run(["index", "rebuild"], folder).text.contains("1500 vectors"))
    try expectSound(folder, 1500, "after all")
  }
}
