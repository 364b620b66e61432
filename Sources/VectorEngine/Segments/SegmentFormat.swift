/// The bytes of a segment file, format 1, which `FileFormat.md` in the documentation describes.
enum SegmentFormat {
  static let magic = Array("RCLSEGMT".utf8)
  static let endMagic = Array("RCLSEGND".utf8)
  static let version: UInt32 = 1
  static let chunk = 4096
  static let headerLength = 4096
  static let footerLength = 32
  static let userEntryLength = 48
  static let sessionEntryLength = 40
  static let noKey = UInt64.max
  /// Numbers of rows are kept in 32 bits where they are many.
  static let largestRowCount = Int(UInt32.max)

  /// Where things are in the header.
  enum Header {
    static let metric = 12
    static let numbers = 16
    static let largestSquaredNorm = 56
    static let flags = 60
    static let directions = 64
    static let sectionCount = 68
    static let smallestID = 72
    static let largestID = 80
    static let table = 128
    static let checksum = 4092
  }

  /// Some row's group is not its id.
  static let sharesGroupsFlag: UInt32 = 1
  /// A reader that does not know one of these flags of the header cannot read the file.
  static let requiredFlags: UInt32 = 0xFFFF_0000

  /// An entry of the table of sections.
  enum TableEntry {
    static let length = 64
    static let flags = 4
    static let offset = 8
    static let bytes = 16
    static let name = 32
    static let nameLength = 32
    /// A reader that does not know such a section cannot read the file.
    static let requiredFlag: UInt32 = 1
    static let largestCount = (Header.checksum - Header.table) / length
  }

  /// The sections, in the order of the file; those of others come before the checksums.
  enum Section: Int, CaseIterable {
    case vectors, codes, prefixes, basis, ids, groups, times, squaredNorms, users, sessions, keys,
      sequencesAdded, sequencesRemoved, order, checksums, roots

    /// What the file calls it.
    var kind: UInt32 {
      switch self {
      case .checksums: 0x1001
      case .roots: 0x1002
      default: UInt32(rawValue + 1)
      }
    }

    /// Whether a file may do without.
    var isOptional: Bool { self == .sequencesAdded || self == .sequencesRemoved }
  }

  /// The kind of the sections that others keep beside the rows.
  static let sideKind: UInt32 = 0x0100

  static func code(of metric: Metric) -> UInt32 {
    switch metric {
    case .cosine: 0
    case .innerProduct: 1
    case .squaredEuclidean: 2
    }
  }

  static func metric(of code: UInt32) -> Metric? {
    Metric.allCases.first { self.code(of: $0) == code }
  }

  static func roundedUp(_ length: Int) -> Int { (length + chunk - 1) / chunk * chunk }
}

/// Puts numbers into bytes, and takes them out.
extension [UInt8] {
  mutating func append<T: FixedWidthInteger>(number: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> T(shift)))
    }
  }

  mutating func appendZeros(upTo length: Int) {
    append(contentsOf: repeatElement(0, count: length - count))
  }
}

extension Span<UInt8> {
  func number<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T {
    var value: T = 0
    for i in 0..<(T.bitWidth / 8) { value |= T(self[offset + i]) << T(8 * i) }
    return value
  }

  func starts(with bytes: [UInt8], at offset: Int = 0) -> Bool {
    count >= offset + bytes.count && bytes.indices.allSatisfy { self[offset + $0] == bytes[$0] }
  }

  /// A copy of some of the bytes.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for i in range { bytes.append(self[i]) }
    return bytes
  }
}
