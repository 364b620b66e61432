import Foundation
import TestSupport
import Testing

/// The rules of the house, as a test: its messages say what to do.
@Suite struct HouseRulesTests {
  private let sources = SourceFile.all(below: "Sources")
  private let tests = SourceFile.all(below: "Tests")

  @Test func `no file is longer than 600 lines`() {
    #expect(sources.count > 50)
    for file in sources + tests where file.lines.count > 600 {
      Issue.record("\(file.path) has \(file.lines.count) lines: split it by life stage")
    }
  }

  @Test func `no open ends, no forced tries, no drawers for everything`() {
    let openEnd = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    for file in sources + tests {
      for (number, line) in file.lines.enumerated() {
        for word in openEnd where line.contains(word) {
          Issue.record("\(file.path):\(number + 1) has an open end")
        }
      }
      let name = (file.path as NSString).lastPathComponent
      for word in ["Util", "Helper", "Misc", "Common.swift", "Extensions"] where name.contains(word)
      {
        Issue.record("\(file.path): name what is in it")
      }
    }
    for file in sources where file.path.hasSuffix(".swift") {
      for (number, line) in file.lines.enumerated() {
        if line.contains("try!") || line.contains("as!") {
          Issue.record("\(file.path):\(number + 1) traps where it should throw")
        }
        if line.contains("@testable") { Issue.record("\(file.path): tests see `package`") }
      }
    }
  }

  @Test func `nothing names one machine's paths`() throws {
    let words = ["/wo" + "rk/", "/fa" + "rm/", "/ro" + "ot/"]
    for file in sources + tests
      + SourceFile.all(below: "Benchmarks", endings: ["swift", "py", "md"])
    {
      for word in words {
        #expect(!file.lines.contains { $0.contains(word) }, "\(file.path) names \(word)")
      }
    }
  }

  @Test func `the README shows both commands and the CI script runs the tests`() throws {
    func text(_ path: String) throws -> String {
      try String(contentsOf: Checkout.root.appendingPathComponent(path), encoding: .utf8)
    }
    let readme = try text("README.md")
    #expect(readme.contains("make demo") && readme.contains("make test"))
    #expect(try text(".ci/run").contains("make test"))
    #expect(try !text("Package.swift").contains("unsafeFlags" + "("))
    let makefile = try text("Makefile")
    for target in readme.matches(of: /[`\n]make ([a-z-]+)/).map({ String($0.1) }) {
      #expect(makefile.contains("\n\(target):"), "README names make \(target)")
    }
  }

  @Test func `links of the documents lead somewhere`() throws {
    for document in ["README.md", "Benchmarks/README.md", "data/README.md"] {
      let url = Checkout.root.appendingPathComponent(document)
      let text = try String(contentsOf: url, encoding: .utf8)
      for match in text.matches(of: /\]\(([^)#]+)\)/) where !match.1.contains("://") {
        let target = url.deletingLastPathComponent().appendingPathComponent(String(match.1))
        #expect(
          FileManager.default.fileExists(atPath: target.path), "\(document) links to \(match.1)")
      }
    }
  }
}
