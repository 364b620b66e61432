import Foundation
import TestSupport
import Testing

@Suite struct IndexMisuseTests {
  private let files: TestFiles
  private let recollect: RecollectProcess

  init() throws {
    files = try TestFiles()
    recollect = try RecollectProcess()
  }

  private func vectors(_ count: Int, _ dimension: Int, seed: UInt64 = 1) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.vector(dimension) }
  }

  /// Runs, expects the exit code, that nothing is on standard output, and these words on the other.
  private func expect(
    _ status: Int32, _ arguments: [String], saying words: String...,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try recollect.run(arguments + ["--json"])
    #expect(outcome.status == status, "\(outcome.standardError)", sourceLocation: location)
    #expect(outcome.text.isEmpty, sourceLocation: location)
    for word in words {
      #expect(
        outcome.standardError.contains(word), "\(outcome.standardError)", sourceLocation: location)
    }
  }

  private func build(_ input: String, _ options: String...) -> [String] {
    ["index", "build", "--input", input, "--output", files.path("index")] + options
  }

  private var left: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: files.directory.url.path)
        .filter { $0.hasPrefix("index") }
    }
  }

  @Test func `input that cannot be used is refused with a reason and leaves nothing`() throws {
    var rows = vectors(7000, 3)
    rows[6997][1] = .nan
    try expect(2, build(try files.npy("nan.npy", vectors: rows)), saying: "row 6997", "NaN")
    rows[6997] = [0, 0, 0]
    try expect(2, build(try files.npy("zero.npy", vectors: rows)), saying: "row 6997", "direction")
    rows[6997] = [1, .infinity, 0]
    try expect(
      2, build(try files.fvecs("inf.fvecs", vectors: rows), "--metric", "l2"), saying: "row 6997")
    let sound = vectors(4, 3)
    let elements = sound.joined().flatMap { TestFiles.bytes($0.bitPattern) }
    let bad: [(String, String)] = [
      (try files.npy("f.npy", type: "<f4", shape: "(4, 3)", order: "True", elements), "Fortran"),
      (try files.npy("d.npy", type: "<f8", shape: "(4, 3)", elements), "<f8"),
      (try files.npy("b.npy", type: ">f4", shape: "(4, 3)", elements), ">f4"),
      (try files.npy("1.npy", type: "<f4", shape: "(12,)", elements), "shape"),
      (try files.npy("3.npy", type: "<f4", shape: "(2, 2, 3)", elements), "shape"),
      (try files.npy("l.npy", type: "<f4", shape: "(5, 3)", elements), "truncated"),
      (
        try files.npy("o.npy", type: "<f4", shape: "(9223372036854775807, 3)", elements),
        "understood"
      ),
      (try files.write("t.npy", [0x93, 0x4E]), ".npy"),
      (try files.write("n.npy", Array("not numpy at all".utf8)), ".npy"),
      (try files.write("h.npy", [0x93] + Array("NUMPY".utf8) + [1, 0, 200, 0]), "truncated"),
      (try files.fvecs("x.fvecs", vectors: [[1, 2], [1, 2, 3], [1]]), "row 1"),
      (try files.write("c.fvecs", TestFiles.bytes(UInt32(3)) + [0, 0]), "truncated"),
      (try files.write("e.fvecs", []), "empty"),
      (try files.write("m.fvecs", TestFiles.bytes(Int32(-1))), "-1 dimensions"),
      (try files.write("v.txt", [1]), ".npy, .fvecs"),
    ]
    for (path, reason) in bad { try expect(2, build(path), saying: path, reason) }
    try expect(4, build(files.path("missing.npy")), saying: "missing.npy")
    #expect(try left.isEmpty)
  }

  @Test func `keys and ids that do not fit the rows are refused`() throws {
    let input = try files.npy("v.npy", vectors: vectors(4, 3))
    let three = try files.write("three.txt", lines: ["a", "b", "c"])
    try expect(2, build(input, "--users", three), saying: "3 rows", "4 vectors")
    try expect(2, build(input, "--sessions", three), saying: "3 rows", "4 vectors")
    try expect(
      2, build(input, "--ids", try files.npy("i.npy", integers: [1, 2, 3])), saying: "3 rows",
      "4 vectors")
    try expect(
      2, build(input, "--ids", try files.write("i.txt", lines: ["5", "6", "7", "6"])),
      saying: "id 6", "row 1", "row 3")
    try expect(
      2, build(input, "--ids", try files.write("j.txt", lines: ["5", "x", "7", "6"])),
      saying: "line 2")
    try expect(
      2, build(input, "--ids", try files.npy("k.npy", integers: [1, -2, 3, 4])), saying: "-2")
    try expect(2, build(input, "--users", input), saying: "shape")
    try expect(
      2, build(input, "--users", try files.write("u.txt", [0x61, 10, 0xFF, 10, 0x62, 10, 0x63])),
      saying: "line 2", "UTF-8")
    #expect(try left.isEmpty)
  }

  @Test func `an index that is there is replaced only by force, and only by a whole one`() throws {
    let first = try files.npy("first.npy", vectors: vectors(4, 3))
    let second = try files.npy("second.npy", vectors: vectors(9, 3, seed: 2))
    let bad = try files.npy("bad.npy", vectors: [[0, 0, 0]])
    func rows() throws -> Int? {
      try recollect.json(["index", "inspect", files.path("index"), "--verify"])["rows"] as? Int
    }
    _ = try recollect.json(build(first))
    try expect(2, build(second), saying: "--force")
    #expect(try rows() == 4)
    try expect(2, build(bad, "--force"))
    #expect(try rows() == 4)
    _ = try recollect.json(build(second, "--force"))
    #expect(try rows() == 9)
    #expect(try left == ["index"])
    let other = files.path("precious")
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    _ = try files.write("precious/letter.txt", [1])
    try expect(
      2, ["index", "build", "--input", first, "--output", other, "--force"], saying: "not an index")
    try expect(
      2, ["index", "build", "--input", first, "--output", first, "--force"], saying: "not an index")
    #expect(FileManager.default.fileExists(atPath: files.path("precious/letter.txt")))
  }

  @Test func `wrong use of the options exits with 2`() throws {
    let input = try files.npy("v.npy", vectors: vectors(8, 3))
    try expect(2, build(input, "--kind", "ivf"), saying: "IVF")
    try expect(2, build(input, "--recall", "0.9"), saying: "IVF")
    try expect(2, build(input, "--metric", "hamming"))
    try expect(2, build(input, "--threads", "0"), saying: "--threads")
    try expect(2, ["index", "build", "--input", input])
    #expect(try left.isEmpty)
    _ = try recollect.json(build(input))
    let search = ["index", "search", files.path("index"), "--queries", input]
    try expect(2, search + ["--recall", "0.9"], saying: "IVF")
    try expect(2, search + ["--user", "a", "--query-users", input], saying: "--query-users")
    try expect(2, search + ["--session", "s"], saying: "--user")
    for name in ["count", "batch", "threads", "repeat"] {
      try expect(2, search + ["--\(name)", "0"], saying: "--\(name)")
    }
    try expect(2, search + ["--ids-out", files.path("ids.csv")], saying: ".ivecs")
    try expect(2, search + ["--scores-out", files.path("scores.npy")], saying: ".fvecs")
    try expect(
      2, search + ["--query-users", try files.write("u.txt", lines: ["a"])], saying: "1 rows",
      "8 queries")
    try expect(
      2, search + ["--ground-truth", try files.ivecs("g.ivecs", rows: [[1]])], saying: "1 rows",
      "8 queries")
    let short = try files.ivecs("s.ivecs", rows: Array(repeating: [0, 1, 2], count: 8))
    try expect(2, search + ["--ground-truth", short], saying: "--count")
    let partial = try recollect.json(search + ["--ground-truth", short, "--count", "3"])
    #expect((partial["recall@3"] as? Double ?? 2) < 1)
    let narrow = try files.npy("n.npy", vectors: vectors(2, 2))
    try expect(
      2, ["index", "search", files.path("index"), "--queries", narrow], saying: "2 dimensions")
    let zero = try files.npy("z.npy", vectors: [[1, 2, 3], [0, 0, 0]])
    try expect(2, ["index", "search", files.path("index"), "--queries", zero], saying: "row 1")
    try expect(2, ["index", "burn"])
  }

  @Test func `what is no index exits with 2 and what is damaged with 3`() throws {
    let input = try files.npy("v.npy", vectors: vectors(50, 40))
    let folder = files.path("index")
    try expect(2, ["index", "inspect", folder], saying: "not an index")
    try expect(2, ["index", "search", folder, "--queries", input], saying: "not an index")
    _ = try recollect.json(build(input))
    let segment = URL(fileURLWithPath: folder).appendingPathComponent("segment-00000001.rvs")
    let sound = [UInt8](try Data(contentsOf: segment))
    var bytes = sound
    bytes[4096 + 77] ^= 4
    try Data(bytes).write(to: segment)
    // The damage is in the rows: who only opens the folder does not meet it.
    #expect(try recollect.json(["index", "inspect", folder])["rows"] as? Int == 50)
    let verified = try recollect.json(["index", "inspect", folder, "--verify"], status: 3)
    #expect(verified["verified"] as? Bool == false)
    try expect(3, ["index", "search", folder, "--queries", input], saying: "vectors")
    try Data(sound.prefix(sound.count / 2)).write(to: segment)
    try expect(3, ["index", "inspect", folder], saying: "truncated")
    bytes = sound
    bytes[0] ^= 1
    try Data(bytes).write(to: segment)
    try expect(3, ["index", "inspect", folder], saying: "damaged")
    try FileManager.default.removeItem(at: segment)
    try expect(3, ["index", "inspect", folder], saying: "missing")
    let manifest = URL(fileURLWithPath: folder).appendingPathComponent("MANIFEST")
    try Data(try Data(contentsOf: manifest).dropLast(5)).write(to: manifest)
    try expect(3, ["index", "inspect", folder], saying: "MANIFEST")
  }

  @Test func `a table without rows is an index in which nothing is found`() throws {
    let empty = try files.npy("e.npy", type: "<f4", shape: "(0, 3)", [])
    #expect(try recollect.json(build(empty))["rows"] as? Int == 0)
    let queries = try files.npy("q.npy", vectors: vectors(2, 3))
    let report = try recollect.json(
      ["index", "search", files.path("index"), "--queries", queries], status: 1)
    #expect(report["scanned_rows"] as? Int == 0)
  }
}
