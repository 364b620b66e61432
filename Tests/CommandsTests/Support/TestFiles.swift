import Foundation
import TestSupport

/// Files of vectors and keys as other programs write them, made byte by byte.
struct TestFiles {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func path(_ name: String) -> String { directory.url.appendingPathComponent(name).path }

  /// Writes bytes and returns the path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  func write(_ name: String, lines: [String]) throws -> String {
    try write(name, Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  /// An `.npy` file with any header and any elements.
  func npy(
    _ name: String, type: String, shape: String, order: String = "False", version: UInt8 = 1,
    _ elements: [UInt8]
  ) throws -> String {
    var text = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    let preamble = version == 1 ? 10 : 12
    while (preamble + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    let length = Self.bytes(UInt32(text.utf8.count)).prefix(version == 1 ? 2 : 4)
    let header = [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(text.utf8)
    return try write(name, header + elements)
  }

  func npy(_ name: String, vectors: [[Float]]) throws -> String {
    try npy(
      name, type: "<f4", shape: "(\(vectors.count), \(vectors.first?.count ?? 0))",
      vectors.joined().flatMap { Self.bytes($0.bitPattern) })
  }

  func npy(_ name: String, integers: [Int64]) throws -> String {
    try npy(
      name, type: "<i8", shape: "(\(integers.count),)", integers.flatMap { Self.bytes($0) })
  }

  func fvecs(_ name: String, vectors: [[Float]]) throws -> String {
    try write(
      name,
      vectors.flatMap { row in
        Self.bytes(UInt32(row.count)) + row.flatMap { Self.bytes($0.bitPattern) }
      })
  }

  func ivecs(_ name: String, rows: [[Int32]]) throws -> String {
    try write(
      name, rows.flatMap { row in Self.bytes(Int32(row.count)) + row.flatMap { Self.bytes($0) } })
  }

  /// The rows of an `.ivecs` or, by their bits, of an `.fvecs` file.
  func words(_ name: String) throws -> [[UInt32]] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    let words = stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }
    var rows: [[UInt32]] = []
    var next = 0
    while next < words.count {
      let length = Int(words[next])
      rows.append(Array(words[(next + 1)..<(next + 1 + length)]))
      next += 1 + length
    }
    return rows
  }

  static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    stride(from: 0, to: T.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> T($0)) }
  }
}

/// Runs of the program whose output is JSON.
extension RecollectProcess {
  /// The one object that the program prints.
  func json(_ arguments: [String], status: Int32 = 0) throws -> [String: Any] {
    let outcome = try run(arguments + ["--json"])
    guard outcome.status == status,
      let object = try JSONSerialization.jsonObject(with: outcome.standardOutput) as? [String: Any]
    else { throw Unexpected(description: "\(outcome.status): \(outcome.standardError)") }
    return object
  }

  struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }
}
