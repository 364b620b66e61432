import Foundation
import Records
import TestSupport
import Testing

@Suite struct ForgetTests {
  private func run(_ arguments: String...) throws -> RecollectProcess.Outcome {
    try RecollectProcess().run(arguments)
  }

  /// The files of a folder, and of the index in it, that hold the bytes.
  private func files(in folder: URL, holding bytes: Data) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
      let url = folder.appendingPathComponent($0)
      guard try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory != true else {
        return false
      }
      return try Data(contentsOf: url).range(of: bytes) != nil
    }
  }

  /// The bytes of a text's vector, as the store has them.
  private func vector(of text: String) throws -> Data {
    let reply = try JSON.value(
      JSONValue.self, from: try run("embed", text, "--model", "hashing", "--json").standardOutput)
    var bytes = Data()
    for element in reply["vectors"]?.array?.first?.array ?? [] {
      let number: Float =
        switch element {
        case .integer(let integer): Float(integer)
        case .number(let number): Float(number)
        default: .nan
        }
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(shift)))
      }
    }
    return bytes
  }

  @Test func `a forgotten user's canary is in no file afterwards, and the others lose nothing`()
    throws
  {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appendingPathComponent("data")
    func data(_ arguments: [String], stdin: String = "") throws -> RecollectProcess.Outcome {
      try RecollectProcess().run(
        arguments + ["--data-directory", folder.path, "--model", "hashing"],
        stdin: Data(stdin.utf8))
    }
    let session = "019cafb8-d24e-7058-a5c2-64c505d95954"
    let canary = "canary-7f3e9b yellow feathers"
    let long = canary + String(repeating: " and a long song about it", count: 2_000)
    func memory(_ user: String, _ content: String, _ more: String = "") -> String {
      #"{"kind":"memory","user_id":"\#(user)","content":"\#(content)"\#(more)}"#
    }
    let history =
      #","session_id":"\#(session)","metadata":{"bird":"canary-7f3e9b"},"version":2,"#
      + #""history":[{"version":1,"content":"old canary-7f3e9b","memory_type":"fact","metadata":{},"#
      + #""importance":0.5,"replaced_at":"2026-01-01T00:00:00.000Z"}]"#
    let lines =
      [
        #"{"kind":"session","session_id":"\#(session)","user_id":"ana","name":"canary-7f3e9b"}"#,
        memory("ana", canary, history), memory("ana", long),
      ] + (0..<200).map { memory("ben", "ben keeps note \($0)") }
    #expect(try data(["import", "-"], stdin: lines.joined(separator: "\n")).status == 0)
    #expect(try data(["search", "yellow feathers", "--user", "ana"]).status == 0)
    #expect(try data(["index", "rebuild"]).status == 0)
    let index = folder.appendingPathComponent("index")
    #expect(try !files(in: index, holding: Data("ana".utf8)).isEmpty, "the index has no users")
    let traces = [Data("canary-7f3e9b".utf8), try vector(of: canary)]
    for trace in traces {
      #expect(trace.count > 8)
      #expect(try !files(in: folder, holding: trace).isEmpty, "the canary was never there")
    }
    #expect(try data(["users", "forget", "ana"]).status == 2)
    let erased = try data(["users", "forget", "ana", "--yes", "--json"])
    #expect(erased.status == 0 && erased.text.contains(#""memories":2"#), "\(erased)")
    for trace in traces { #expect(try files(in: folder, holding: trace) == []) }
    #expect(try files(in: folder, holding: Data("ana".utf8)) == [])
    #expect(try data(["users", "list"]).text == "ben\n")
    #expect(try data(["search", "canary", "--user", "ana"]).status == 1)
    #expect(
      try data(["search", "note", "--user", "ben", "--limit", "100"]).text.contains("ben keeps"))
    #expect(try data(["users", "forget", "ana", "--yes"]).status == 1)
  }
}
