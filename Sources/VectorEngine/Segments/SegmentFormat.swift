/// The bytes of a segment file, format 0. All numbers are little-endian.
///
/// ```
///       0  header, 4096 bytes
///            0  "RCLSEGM0"                 8
///            8  format version             u32   0
///           12  metric                     u32   0 cosine, 1 inner product, 2 squared Euclidean
///           16  dimension                  u64
///           24  rows                       u64
///           32  users                      u64
///           40  sessions                   u64
///           48  file length                u64
///           56  section table              12 × { offset u64, length u64 }
///          248  largest squared norm       f32
///          252  flags                      u32   bit 0: some row's group is not its id
///          256  directions                 u32   0: no prefixes
///         4092  CRC-32C of bytes 0…4091    u32
///    4096  sections, each from a multiple of 4096, zeros between
///            vectors        f32  rows × dimension
///            codes               ⌈rows ÷ 16⌉ blocks, see below
///            prefixes            ⌈rows ÷ 16⌉ blocks, or nothing
///            basis          f32  directions × dimension, then the largest error of a prefix's code
///                                as a share of its row's norm; or nothing
///            ids            u64  rows
///            groups         u64  rows
///            times          i64  rows
///            squared norms  f32  rows
///            users          user entries, sorted by key
///            sessions       session entries, sorted by user, then by key (no key first)
///            keys           UTF-8
///            checksums      u32  CRC-32C of each 4096 bytes of the file before this section
///  length-32  footer
///            0  "RCLEND_0"                 8
///            8  file length                u64
///           16  CRC-32C of the checksums   u32
///           20  the header's CRC-32C       u32
///           24  zero                       u64
///
/// user entry, 48 bytes                    session entry, 40 bytes
///    0  key offset in keys   u64             0  key offset in keys  u64
///    8  key length           u64             8  key length          u64, or all ones: no session
///   16  first row            u64            16  first row           u64
///   24  rows                 u64            24  rows                u64
///   32  first session        u64            32  user                u64
///   40  sessions             u64
///
/// block of codes, 64 g + 192 bytes for g = ⌈dimension ÷ 4⌉: rows 16 i to 16 i + 15 of the file
///    0  groups               u8   g × 16 rows × 4 dimensions, 128 + the code; 128 beyond the last
///                                 dimension, 0 in rows that do not exist
/// 64 g  scales               f32  16 rows; row ≈ scale × code
///  +64  errors               f32  16 rows, at least ‖row − scale × code‖
/// +128  norms                f32  16 rows, at least ‖row‖
///
/// A block of prefixes is one of codes for the products of the row with the basis, whose number is
/// the dimension; its errors are √(‖row‖² − ‖products‖²), at least.
/// ```
///
/// The rows of a user lie one after another, and inside them the rows of a session, in the order of
/// their insertion. This format may still change; version 1 will not.
enum SegmentFormat {
  static let magic = Array("RCLSEGM0".utf8)
  static let endMagic = Array("RCLEND_0".utf8)
  static let version: UInt32 = 0
  static let chunk = 4096
  static let headerLength = 4096
  static let footerLength = 32
  static let userEntryLength = 48
  static let sessionEntryLength = 40
  static let noKey = UInt64.max
  static let sharesGroupsFlag: UInt32 = 1
  static let largestNormOffset = 56 + 16 * Section.allCases.count

  /// The sections, in the order of the file.
  enum Section: Int, CaseIterable {
    case vectors, codes, prefixes, basis, ids, groups, times, squaredNorms, users, sessions, keys,
      checksums
  }

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
}
