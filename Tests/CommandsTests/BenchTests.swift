import Foundation
import Records
import TestSupport
import Testing

/// `recollect bench` as a person or a script runs it.
@Suite struct BenchTests {
  @Test(.timeLimit(.minutes(5)))
  func `a quick measurement checks its answers, reports each case and leaves nothing behind`()
    throws
  {
    let directory = try TemporaryDirectory()
    let temporary = directory.url.appendingPathComponent("tmp")
    try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    let environment = ["TMPDIR": temporary.path]
    let report = directory.url.appendingPathComponent("report")
    let program = try RecollectProcess()
    let first = try program.run(
      ["bench", "--json", "--report", report.path], environment: environment)
    #expect(first.status == 0, "\(first.standardError)")
    let json = try JSON.value(JSONValue.self, from: first.standardOutput)
    #expect(json["rows"] == 50_000 && json["users"] == 500 && json["profile"] == "quick")
    let cases = try #require(json["cases"]?.array)
    #expect(cases.count >= 9)
    for one in cases {
      let name = one["case"]?.string ?? ""
      func number(_ key: String) -> Double {
        switch one[key] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: -1
        }
      }
      #expect(number("operations") > 0 && number("per_second") > 0, "\(name)")
      #expect(0 < number("p50_us") && number("p50_us") <= number("p99_us"), "\(name)")
      #expect(number("p99_us") <= number("p999_us"), "\(name)")
      #expect(one["path"] != nil || !name.contains("search"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    let saved = report.appendingPathComponent("bench.json").path
    let second = try program.run(["bench", "--compare", saved], environment: environment)
    #expect(second.status == 0 && second.text.contains("times as fast"))
    let table = try String(
      contentsOf: report.appendingPathComponent("bench.md"), encoding: .utf8)
    for one in cases { #expect(table.contains(one["case"]?.string ?? "?")) }
  }

  @Test func `what cannot be measured is refused before anything is made`() throws {
    let program = try RecollectProcess()
    #expect(try program.run(["bench", "--profile", "gigantic"]).status == 2)
    #expect(try program.run(["bench", "--compare", "/nowhere/bench.json"]).status == 4)
    let file = Checkout.root.appendingPathComponent("Package.swift").path
    #expect(try program.run(["bench", "--compare", file]).status == 2)
  }
}
