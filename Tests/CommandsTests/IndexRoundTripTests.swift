import Foundation
import TestSupport
import Testing

@Suite struct IndexRoundTripTests {
  private let files: TestFiles
  private let recollect: RecollectProcess
  private let rows: [[Float]]
  private let queries: [[Float]]
  private let seed: UInt64 = 7

  init() throws {
    files = try TestFiles()
    recollect = try RecollectProcess()
    var generator = SeededGenerator(seed: seed)
    rows = (0..<300).map { _ in generator.vector(13) }
    queries = (0..<9).map { _ in generator.vector(13) }
  }

  @Test(arguments: Exhaustive.Metric.allCases, ["npy", "fvecs"])
  fileprivate func `a search finds what an exhaustive computation finds`(
    _ metric: Exhaustive.Metric, _ format: String
  ) throws {
    let isNumpy = format == "npy"
    let base =
      isNumpy ? try files.npy("b.npy", vectors: rows) : try files.fvecs("b.fvecs", vectors: rows)
    let asked =
      isNumpy
      ? try files.npy("q.npy", vectors: queries) : try files.fvecs("q.fvecs", vectors: queries)
    let folder = files.path("index")
    let built = try recollect.json([
      "index", "build", "--input", base, "--output", folder, "--metric", metric.rawValue,
    ])
    #expect(built["rows"] as? Int == 300)
    #expect(built["dimension"] as? Int == 13)
    #expect(built["kind"] as? String == "flat")
    #expect(built["users"] as? Int == 1)
    #expect(built["sessions"] as? Int == 0)
    #expect((built["bytes"] as? Int ?? 0) > 300 * 13 * 4)
    #expect((built["peak_memory_bytes"] as? Int ?? 0) > 1_000_000)
    #expect(built["seconds"] is Double)

    let oracle = Exhaustive(metric: try #require(.init(rawValue: metric.rawValue)), rows: rows)
    let truth = queries.map { oracle.ranking($0).prefix(12) }
    let truthFile = try files.ivecs("truth.ivecs", rows: truth.map { $0.map { Int32($0.0) } })
    for (batch, threads) in [(1, 1), (4, 1), (9, 2), (2, 3)] {
      let report = try recollect.json([
        "index", "search", folder, "--queries", asked, "--count", "12", "--batch", "\(batch)",
        "--threads", "\(threads)", "--repeat", "2", "--ids-out", files.path("ids.ivecs"),
        "--scores-out", files.path("scores.fvecs"), "--ground-truth", truthFile, "--exact",
      ])
      #expect(report["queries"] as? Int == 9)
      #expect(report["count"] as? Int == 12)
      #expect(report["batch"] as? Int == batch)
      #expect(report["threads"] as? Int == threads)
      #expect(report["scanned_rows"] as? Int == 9 * 300)
      #expect((report["rescored_rows"] as? Int ?? -1) >= (batch >= 4 ? 12 * 8 : 0))
      #expect(report["recall@12"] as? Double == 1)
      for name in ["seconds", "qps", "p50_us", "p99_us", "p999_us", "mean_us"] {
        #expect((report[name] as? Double ?? 0) > 0, "\(name)")
      }
      let ids = try files.words("ids.ivecs")
      #expect(ids == truth.map { $0.map { UInt32($0.0) } }, "seed \(seed)")
      let scores = try files.words("scores.fvecs").map { $0.map { Float(bitPattern: $0) } }
      for (found, expected) in zip(scores.joined(), truth.joined()) {
        #expect(abs(Double(found) - expected.1) < 1e-4)
      }
    }
  }

  @Test func `users and sessions wall off what a search sees`() throws {
    let users = rows.indices.map { ["ana", "ben", "cleo"][$0 % 3] }
    let sessions = rows.indices.map { $0 % 4 == 0 ? "" : "s\($0 % 4)" }
    let folder = files.path("index")
    let built = try recollect.json([
      "index", "build", "--input", try files.npy("b.npy", vectors: rows), "--output", folder,
      "--users", try files.write("users.txt", lines: users),
      "--sessions", try files.write("sessions.txt", lines: sessions),
    ])
    #expect(built["users"] as? Int == 3)
    #expect(built["sessions"] as? Int == 9)
    let asked = try files.npy("q.npy", vectors: queries)
    let oracle = Exhaustive(metric: .cosine, rows: rows)
    func found(_ options: [String], status: Int32 = 0) throws -> [[UInt32]] {
      let report = try recollect.json(
        [
          "index", "search", folder, "--queries", asked, "--count", "40", "--repeat", "1",
          "--ids-out", files.path("ids.ivecs"), "--explain",
        ] + options, status: status)
      let ids = try files.words("ids.ivecs")
      let explained = try #require(report["explain"] as? [[String: Any]])
      #expect(explained.count == 5)
      #expect(explained.allSatisfy { $0["path"] as? String == "scan" })
      return ids
    }
    func expected(_ holds: (Int, Int) -> Bool) -> [[UInt32]] {
      queries.enumerated().map { number, query in
        oracle.ranking(query) { holds(number, $0) }.prefix(40).map { UInt32($0.0) }
      }
    }
    #expect(try found(["--user", "ben"]) == expected { users[$1] == "ben" })
    // 25 rows: fewer than were asked for, and never padded.
    let inSession = try found(["--user", "cleo", "--session", "s2"])
    #expect(inSession == expected { users[$1] == "cleo" && sessions[$1] == "s2" })
    #expect(inSession.allSatisfy { $0.count == 25 })
    let askers = queries.indices.map { ["ben", "nobody", "ana"][$0 % 3] }
    let list = try files.write("askers.txt", lines: askers)
    let each = try found(["--query-users", list])
    #expect(each == expected { users[$1] == askers[$0] })
    #expect(each[1].isEmpty)
    #expect(
      try found(["--query-users", list, "--session", "s1", "--batch", "4"])
        == expected { users[$1] == askers[$0] && sessions[$1] == "s1" })
    #expect(try found(["--user", "nobody"], status: 1).allSatisfy(\.isEmpty))
    // One that found nothing makes the table uneven.
    let uneven = try recollect.run([
      "index", "search", folder, "--queries", asked, "--query-users", list, "--ids-out",
      files.path("ids.npy"),
    ])
    #expect(uneven.status == 2)
    #expect(uneven.standardError.contains(".ivecs"))
  }

  @Test func `integer keys are their decimal text and ids are the caller's`() throws {
    let folder = files.path("index")
    _ = try recollect.json([
      "index", "build", "--input", try files.fvecs("b.fvecs", vectors: rows), "--output", folder,
      "--users", try files.npy("users.npy", integers: rows.indices.map { Int64($0 % 2) - 1 }),
      "--ids", try files.npy("ids.npy", integers: rows.indices.map { Int64($0) + 1 << 40 }),
    ])
    let inspected = try recollect.json(["index", "inspect", folder])
    let largest = try #require(inspected["largest_users"] as? [[String: Any]])
    #expect(largest.map { $0["key"] as? String } == ["-1", "0"])
    #expect(largest.map { $0["rows"] as? Int } == [150, 150])
    let search = [
      "index", "search", folder, "--queries", try files.npy("q.npy", vectors: queries), "--user",
      "-1", "--ids-out",
    ]
    let tooLarge = try recollect.run(search + [files.path("out.ivecs")])
    #expect(tooLarge.status == 2)
    #expect(tooLarge.standardError.contains("2147483647"))
    _ = try recollect.json(search + [files.path("out.npy")])
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: files.path("out.npy"))))
    let oracle = Exhaustive(metric: .cosine, rows: rows)
    let expected = queries.flatMap { query in
      oracle.ranking(query) { $0 % 2 == 0 }.prefix(10).map { UInt64($0.0) + 1 << 40 }
    }
    #expect(bytes.count % 64 == (9 * 10 * 8) % 64)
    #expect(Array(bytes.suffix(9 * 10 * 8)) == expected.flatMap { TestFiles.bytes($0) })
    #expect(String(decoding: bytes.prefix(128), as: UTF8.self).contains("'shape': (9, 10,)"))
  }

  @Test func `an inspection tells what was built, and verifies it`() throws {
    let folder = files.path("index")
    _ = try recollect.json([
      "index", "build", "--input", try files.npy("b.npy", vectors: rows), "--output", folder,
      "--metric", "l2",
    ])
    let plain = try recollect.json(["index", "inspect", folder])
    #expect(plain["verified"] == nil)
    let report = try recollect.json(["index", "inspect", folder, "--verify"])
    #expect(report["verified"] as? Bool == true)
    #expect(report["rows"] as? Int == 300)
    #expect(report["dimension"] as? Int == 13)
    #expect(report["metric"] as? String == "l2")
    #expect(report["kind"] as? String == "flat")
    #expect(report["format_version"] as? Int == 1)
    #expect(report["users"] as? Int == 1)
    #expect(report["sessions"] as? Int == 0)
    #expect(report["tombstones"] as? Int == 0)
    let segments = try #require(report["segments"] as? [[String: Any]])
    #expect(segments.count == 1)
    #expect(segments.first?["rows"] as? Int == 300)
    let bytes = try #require(report["bytes"] as? [String: Int])
    #expect(bytes["vectors"] == 300 * 13 * 4)
    #expect(bytes["total"] == bytes.filter { $0.key != "total" }.values.reduce(0, +))
  }

  @Test func `every version of the header and bytes as elements are read`() throws {
    let small: [[UInt8]] = (0..<20).map { row in (0..<5).map { UInt8((row * 37 + $0 * 91) % 251) } }
    let vectors = small.map { $0.map(Float.init) }
    let elements = vectors.joined().flatMap { TestFiles.bytes($0.bitPattern) }
    let inputs = [
      try files.npy("1.npy", type: "<f4", shape: "(20, 5)", version: 1, elements),
      try files.npy("2.npy", type: "<f4", shape: "(20L, 5L)", version: 2, elements),
      try files.npy("3.npy", type: "<f4", shape: "(20,5,)", version: 3, elements),
      try files.write("4.bvecs", small.flatMap { TestFiles.bytes(UInt32(5)) + $0 }),
    ]
    let truth = Exhaustive(metric: .ip, rows: vectors).ranking(vectors[3]).map { UInt32($0.0) }
    for input in inputs {
      let folder = input + ".index"
      _ = try recollect.json([
        "index", "build", "--input", input, "--output", folder, "--metric", "ip",
      ])
      _ = try recollect.json([
        "index", "search", folder, "--queries", input, "--count", "20", "--ids-out",
        files.path("ids.ivecs"),
      ])
      #expect(try files.words("ids.ivecs")[3] == truth, "\(input)")
    }
  }

  @Test func `what embed writes can be built and found again`() throws {
    let texts = ["a red bicycle", "the sea at night", "how to bake bread"]
    let lines = Data(
      "\"a red bicycle\"\n{\"text\":\"the sea at night\"}\n\n\"how to bake bread\"\n".utf8)
    let written = try recollect.run(
      [
        "embed", "--model", "hashing", "--input", "-", "--output", files.path("e.npy"), "--json",
      ], stdin: lines)
    #expect(written.status == 0)
    let printed = try recollect.json(["embed", "--model", "hashing"] + texts)
    let vectors = try #require(printed["vectors"] as? [[Double]])
    #expect(vectors.count == 3)
    #expect(vectors.allSatisfy { $0.count == printed["dimension"] as? Int })
    let folder = files.path("index")
    _ = try recollect.json([
      "index", "build", "--input", files.path("e.npy"), "--output", folder,
    ])
    _ = try recollect.json([
      "index", "search", folder, "--queries",
      try files.npy("q.npy", vectors: vectors.map { $0.map { Float($0) } }), "--count", "1",
      "--ids-out", files.path("ids.ivecs"),
    ])
    #expect(try files.words("ids.ivecs") == [[0], [1], [2]])
  }
}
