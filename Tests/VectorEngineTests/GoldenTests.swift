import Foundation
import TestSupport
import Testing
import VectorEngine
import VectorKernels

/// Files of format 1 as they were first written: they must stay readable, and be written the same.
@Suite struct GoldenTests {
  private static let folder = Checkout.root.appendingPathComponent(
    "Tests/VectorEngineTests/Golden")
  private let dimension = 5

  private var batches: [VectorBatch] {
    var generator = SeededGenerator(seed: 2024)
    return ([0..<11, 8..<18] as [Range<UInt64>]).map { ids in
      VectorBatch(
        ids: Array(ids), groups: ids.map { $0 / 3 },
        scopes: ids.map {
          RowScope(user: ["ana", "bö", ""][Int($0 % 3)], session: $0 % 4 == 0 ? nil : "s\($0 % 4)")
        },
        times: ids.map { Int64($0) * 1000 - 3000 }, rows: generator.vector(ids.count * dimension))
    }
  }

  private func write(to url: URL) throws {
    let collection = try VectorCollection(
      at: url, .init(dimension: dimension, metric: .innerProduct), label: "golden")
    try collection.upsert(batches[0])
    try collection.flush(position: 7) { draft in
      ["words": SideContent(draft.ids.flatMap { [UInt8($0), 0xAA] })]
    }
    try collection.upsert(batches[1])
    _ = try collection.remove(ids: [2, 3, 16])
    try collection.flush(position: 1 << 40)
  }

  private static let names = ["MANIFEST", "segment-00000001.rvs", "segment-00000002.rvs"]

  @Test func `today's writer produces the golden files, byte for byte`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    try write(to: url)
    for name in Self.names {
      let written = try Data(contentsOf: url.appendingPathComponent(name))
      if ProcessInfo.processInfo.environment["RECOLLECT_TEST_WRITE_GOLDEN"] != nil {
        try written.write(to: Self.folder.appendingPathComponent(name))
      }
      let golden = try Data(contentsOf: Self.folder.appendingPathComponent(name))
      let first = zip(written, golden).enumerated().first { $0.element.0 != $0.element.1 }
      #expect(
        written == golden,
        "\(name): \(written.count) and \(golden.count) bytes, first at \(first?.offset ?? -1)")
    }
  }

  @Test func `the golden files answer every search as an exhaustive scan does`() throws {
    let collection = try VectorCollection(opening: Self.folder)
    try collection.verify()
    #expect(collection.position == 1 << 40)
    #expect(collection.label == "golden")
    #expect(collection.configuration.metric == .innerProduct)
    let inspection = try collection.inspection()
    #expect(inspection.formatVersion == 1)
    #expect(inspection.segments.map(\.rows) == [11, 9])
    #expect(inspection.segments.map(\.tombstones) == [5, 0])
    let words = try collection.snapshot().sealedSegments[0].withSide("words") { $0.count }
    #expect(words == 22)
    var oracle = ExhaustiveSearch(.innerProduct)
    for batch in batches { oracle.upsert(batch, dimension: dimension) }
    _ = oracle.remove { [2, 3, 16].contains($0.id) }
    var generator = SeededGenerator(seed: 77)
    let scopes: [SearchScope] = [
      .everything, .user("ana"), .user("bö"), .user(""), .session(user: "ana", session: "s1"),
      .sessions([RowScope(user: "bö"), RowScope(user: "", session: "s2")]),
    ]
    for scope in scopes {
      for path in SearchOptions.Path.allCases {
        for times in [nil, -2000...9000] as [ClosedRange<Int64>?] {
          let query = generator.vector(dimension)
          let options = SearchOptions(times: times, path: path)
          #expect(
            try collection.search(query, count: 6, in: scope, options)
              == oracle.search(query, count: 6, in: scope, options), "\(scope), \(path)")
        }
      }
    }
  }

  @Test
  func `a section that is not known is passed over, unless the file cannot be read without it`()
    throws
  {
    for isRequired in [false, true] {
      let directory = try TemporaryDirectory()
      let url = directory.url.appendingPathComponent("index")
      try write(to: url)
      let file = url.appendingPathComponent(Self.names[1])
      var bytes = [UInt8](try Data(contentsOf: file))
      // The side section stands before the last two entries of the table.
      let count = Int(bytes[68])
      let entry = 128 + 64 * (count - 3)
      #expect(bytes[entry + 1] == 1, "the kind of a side section is 0x100")
      bytes[entry] = 0x99
      bytes[entry + 4] = isRequired ? 1 : 0
      let checksum = Self.seal(&bytes)
      try Data(bytes).write(to: file)
      try Self.patchManifest(url.appendingPathComponent("MANIFEST"), checksum)
      guard !isRequired else {
        let error = #expect(throws: EngineError.self) { try VectorCollection(opening: url) }
        #expect(error?.code == .unsupportedVersion)
        continue
      }
      let opened = try VectorCollection(opening: url)
      try opened.verify()
      #expect(opened.snapshot().sealedSegments[0].sideNames.isEmpty)
      let golden = try VectorCollection(opening: Self.folder)
      let query: [Float] = [1, 2, 3, 4, 5]
      #expect(try opened.search(query, count: 20) == golden.search(query, count: 20))
    }
  }

  /// Makes all checksums of a segment right again after its header was changed; returns the header's.
  private static func seal(_ bytes: inout [UInt8]) -> [UInt8] {
    func number(at offset: Int) -> Int {
      (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    func checksum(_ range: Range<Int>) -> [UInt8] {
      let slice = Array(bytes[range])
      let value = RowKernels().checksum(of: slice.span)
      return (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
    let last = 128 + 64 * (Int(bytes[68]) - 1)
    let (checksums, roots) = (number(at: last - 64 + 8), number(at: last + 8))
    let header = checksum(0..<4092)
    bytes.replaceSubrange(4092..<4096, with: header)
    bytes.replaceSubrange(checksums..<(checksums + 4), with: checksum(0..<4096))
    bytes.replaceSubrange(roots..<(roots + 4), with: checksum(checksums..<(checksums + 4096)))
    let footer = bytes.count - 32
    bytes.replaceSubrange((footer + 16)..<(footer + 20), with: checksum(roots..<footer))
    bytes.replaceSubrange((footer + 20)..<(footer + 24), with: header)
    return header
  }

  private static func patchManifest(_ file: URL, _ checksum: [UInt8]) throws {
    var bytes = [UInt8](try Data(contentsOf: file))
    let part = 72 + "golden".utf8.count
    bytes.replaceSubrange((part + 4)..<(part + 8), with: checksum)
    let end = bytes.count - 4
    let body = Array(bytes[..<end])
    let value = RowKernels().checksum(of: body.span)
    bytes.replaceSubrange(
      end..., with: (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) })
    try Data(bytes).write(to: file)
  }
}
