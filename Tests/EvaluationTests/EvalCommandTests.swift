import Foundation
import Records
import TestSupport
import Testing

/// `recollect eval` as a script runs it.
@Suite struct EvalCommandTests {
  private struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  private func eval(_ arguments: [String], temporary: URL) throws -> Outcome {
    let process = Process()
    process.executableURL = Checkout.program
    process.arguments = ["eval"] + arguments
    process.environment = [
      "HOME": temporary.path, "PATH": "/usr/bin:/bin", "TMPDIR": temporary.path,
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitForEnd()
    return Outcome(status: process.terminationStatus, output: text, errors: complaint)
  }

  private var sample: String { Checkout.root.appendingPathComponent("data/sample").path }

  private func share(_ value: JSONValue?) -> Double {
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    default: -1
    }
  }

  @Test func `the sample is measured, the same each time, and nothing stays behind`() throws {
    let directory = try TemporaryDirectory()
    let arguments = [
      "--dataset", sample, "--format", "jsonl", "--model", "hashing", "--strategy",
      "hybrid,keyword,semantic", "--json", "--markdown",
      directory.url.appendingPathComponent("report.md").path,
    ]
    let runs = try (0..<2).map { _ in try eval(arguments, temporary: directory.url) }
    #expect(runs.map(\.status) == [0, 0], "\(runs[0].errors)")
    let reports = try runs.map { try JSON.value(JSONValue.self, from: $0.output) }
    let report = reports[0]
    #expect(report["strategies"] == reports[1]["strategies"])
    #expect(report["questions"] == 30 && report["memories"] == 407 && report["sessions"] == 23)
    let categories = report["categories"]?.object ?? [:]
    #expect(Set(categories.keys) == ["fact", "time", "change", "multi", "code"])
    for scores in [report["overall"]].compactMap({ $0 }) + categories.values {
      let recall = [1, 5, 10, 20].map { share(scores["recall@\($0)"]) }
      #expect(recall == recall.sorted() && recall.allSatisfy((0...1).contains))
      #expect((0...1).contains(share(scores["ndcg@10"])) && (0...1).contains(share(scores["mrr"])))
      let interval = (scores["recall@10_interval"]?.array ?? []).map(share)
      #expect(interval.count == 2 && interval[0] <= recall[2] && recall[2] <= interval[1])
    }
    // The questions are worded unlike their evidence, so words alone find a part of it; a shuffled
    // ranking would find a tenth.
    #expect(share(report["strategies"]?["keyword"]?["overall"]?["recall@10"]) > 0.35)
    #expect(share(report["seconds"]) > 0)
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(!left.contains { $0.hasPrefix("recollect-eval") }, "\(left)")
    let markdown = try String(
      contentsOf: directory.url.appendingPathComponent("report.md"), encoding: .utf8)
    #expect(markdown.contains("30 questions over 407 memories in 23 sessions"))
  }

  @Test func `sessions are ranked, and two files do as well as their folder`() throws {
    let directory = try TemporaryDirectory()
    let files = ["conversations", "questions"].map { "\(sample)/\($0).jsonl" }
    let outcome = try eval(
      [
        "--dataset", files.joined(separator: ","), "--format", "jsonl", "--unit", "session",
        "--strategy", "keyword", "--at", "1,3", "--json",
      ], temporary: directory.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSON.value(JSONValue.self, from: outcome.output)
    #expect(report["unit"] == "session" && report["model"] == nil)
    let scores = report["overall"]?.object ?? [:]
    #expect(scores["recall@1"] != nil && scores["recall@3"] != nil && scores["recall@5"] == nil)
    #expect(share(scores["recall@3"]) > 0.5)
  }

  @Test func `what the gate keeps from the questions of others is reported`() throws {
    let directory = try TemporaryDirectory()
    let outcome = try eval(
      [
        "--dataset", sample, "--format", "jsonl", "--model", "hashing", "--min-relevance",
        "0,0.15,0.99", "--json",
      ], temporary: directory.url)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSON.value(JSONValue.self, from: outcome.output)
    let found = try #require(report["configurations"]?.array)
    // Each of the thirty questions is put to the three other users.
    #expect(found.map { $0["irrelevant"]?["queries"] } == [90, 90, 90])
    let emptied = found.map { share($0["irrelevant"]?["emptied"]) }
    #expect(emptied[0] == 0 && emptied[1] > 0 && emptied[1] < 1 && emptied[2] == 1)
    #expect(share(found[2]["overall"]?["recall@10"]) == 0)
  }

  @Test func `what cannot be measured is refused with the right status`() throws {
    let directory = try TemporaryDirectory()
    let broken = directory.url.appendingPathComponent("broken.json")
    try Data("[{\"sample_id\": 3}]".utf8).write(to: broken)
    let cases: [([String], Int32, String)] = [
      (["--dataset", sample, "--format", "jsonl", "--at", "0"], 2, "--at"),
      (["--dataset", sample, "--format", "jsonl", "--at", "101"], 2, "--at"),
      (["--dataset", sample, "--format", "jsonl", "--strategy", "magic"], 2, "--strategy"),
      (["--dataset", sample, "--format", "jsonl", "--unit", "word"], 2, "--unit"),
      (["--dataset", sample, "--format", "jsonl", "--min-relevance", "0,2"], 2, "--min-relevance"),
      (["--dataset", sample, "--format", "squad"], 2, "format"),
      (["--dataset", broken.path, "--format", "locomo"], 2, "sample_id"),
      (["--dataset", "nowhere.json", "--format", "longmemeval"], 4, "nowhere.json"),
      // The default strategy needs a model, and this home has none.
      (["--dataset", sample, "--format", "jsonl"], 4, "model install"),
    ]
    for (arguments, status, word) in cases {
      let outcome = try eval(arguments, temporary: directory.url)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(word), "\(arguments): \(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
  }

  @Test func `settings of retrieval are compared, and others refused`() throws {
    let directory = try TemporaryDirectory()
    let arguments = [
      "--dataset", sample, "--format", "jsonl", "--model", "hashing", "--strategy", "hybrid",
      "--join-sessions", "2", "--json",
    ]
    let key = "retrieval.passage_penalty"
    let found = try eval(arguments + ["--vary", key + "=0, 0.5"], temporary: directory.url)
    #expect(found.status == 0, "\(found.errors)")
    let report = try JSON.value(JSONValue.self, from: found.output)
    let names = ["hybrid retrieval.passage_penalty=0", "hybrid retrieval.passage_penalty=0.5"]
    let strategies = try #require(report["strategies"]?.object)
    #expect(Set(strategies.keys) == Set(names))
    #expect(strategies[names[0]]?["overall"] != strategies[names[1]]?["overall"])
    for wrong in ["tools=core"] + ["", "=", "=x", "=,", "=0,", "=,0", "= "].map({ key + $0 }) {
      let outcome = try eval(arguments + ["--vary", wrong], temporary: directory.url)
      #expect(outcome.status == 2, "\(wrong): \(outcome.errors)")
    }
  }
}
