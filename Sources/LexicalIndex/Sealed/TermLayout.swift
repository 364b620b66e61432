import Foundation
import VectorEngine

/// Where things are in the side section of terms, format 1, which `TermFormat.md` describes.
struct TermLayout {
  static let name = "terms"
  static let magic = Array("RCLTERMS".utf8)
  private static let magicNumber = magic.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  static let version: UInt64 = 1
  static let headerLength = 64
  /// What a frequency says that does not fit into its byte.
  static let frequentMark: UInt8 = 255
  /// No number of a header is greater: their products stay far below what an `Int` holds.
  private static let largest = 1 << 40

  let rows: Int
  /// Distinct terms of all rows.
  let terms: Int
  /// Bytes of them.
  let letters: Int
  /// Distinct terms of each row, summed.
  let entries: Int
  /// Entries whose frequency stands apart.
  let frequent: Int
  /// Those that the terms are of.
  let languages: Languages

  /// Nil when a number cannot be.
  init?(rows: Int, terms: Int, letters: Int, entries: Int, frequent: Int, languages: Languages) {
    for number in [rows, terms, letters, entries, frequent] {
      guard (0...Self.largest).contains(number) else { return nil }
    }
    guard terms <= Int(UInt32.max) else { return nil }
    self.rows = rows
    self.terms = terms
    self.letters = letters
    self.entries = entries
    self.frequent = frequent
    self.languages = languages
  }

  /// What a header says; nil when it is none of this version.
  init?(_ header: Span<UInt64>) {
    guard header[0].littleEndian == Self.magicNumber, header[1].littleEndian == Self.version else {
      return nil
    }
    self.init(
      rows: Int(clamping: header[2].littleEndian), terms: Int(clamping: header[3].littleEndian),
      letters: Int(clamping: header[4].littleEndian),
      entries: Int(clamping: header[5].littleEndian),
      frequent: Int(clamping: header[6].littleEndian),
      languages: Languages(rawValue: header[7].littleEndian))
  }

  var prefixes: Int { Self.headerLength }
  var letterEnds: Int { prefixes + 8 * terms }
  var lettersStart: Int { letterEnds + 8 * terms }
  var ends: Int { lettersStart + Self.padded(letters) }
  var lengths: Int { ends + 8 * rows }
  var questions: Int { lengths + Self.padded(4 * rows) }
  var numbers: Int { questions + Self.padded(rows) }
  var frequencies: Int { numbers + Self.padded(4 * entries) }
  var frequents: Int { frequencies + Self.padded(entries) }
  var length: Int { frequents + 16 * frequent }

  /// Planes begin at a multiple of eight.
  static func padded(_ length: Int) -> Int { (length + 7) / 8 * 8 }

  var header: [UInt8] {
    var bytes = Self.magic
    for number in [Int(Self.version), rows, terms, letters, entries, frequent] {
      bytes.append(little: UInt64(number))
    }
    bytes.append(little: languages.rawValue)
    return bytes
  }
}

/// A term as bytes, which are what tells it from others in a file.
enum TermBytes {
  /// Terms that are equal as strings have the same.
  static func of(_ term: String) -> [UInt8] {
    Array(
      term.utf8.allSatisfy { $0 < 0x80 }
        ? term.utf8 : term.precomposedStringWithCanonicalMapping.utf8)
  }

  /// The first eight bytes as a number that is ordered as they are.
  static func prefix(_ term: some Sequence<UInt8>) -> UInt64 {
    var prefix: UInt64 = 0
    var left = 8
    for byte in term {
      if left == 0 { break }
      prefix = prefix << 8 | UInt64(byte)
      left -= 1
    }
    return left == 8 ? 0 : prefix << UInt64(8 * left)
  }
}

extension [UInt8] {
  mutating func append<T: FixedWidthInteger>(little number: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> T(shift)))
    }
  }
}
