import Synchronization

/// The name of a user: 1 to 128 characters of `[A-Za-z0-9._@:+|-]`.
package struct UserID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let description: String

  /// Checks the name, blanks around it removed.
  ///
  /// - Throws: `invalid_argument` naming `user_id` when it is blank, too long, or has a character
  ///   outside the set.
  package init(_ text: String) throws(ServiceError) {
    let trimmed = text.trimmed
    guard !trimmed.isEmpty else {
      throw .invalid("user_id", "must not be blank")
    }
    guard trimmed.utf8.count <= Limits.userIDLength else {
      throw .invalid("user_id", "is longer than \(Limits.userIDLength) characters")
    }
    guard trimmed.utf8.allSatisfy(Self.allows) else {
      throw .invalid("user_id", "may only hold letters, digits and . _ @ : + | -")
    }
    description = trimmed
  }

  /// A name that was checked when it was stored.
  package init(stored text: String) {
    description = text
  }

  package static func < (a: UserID, b: UserID) -> Bool { a.description < b.description }

  private static func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ".-_@:+|".utf8.contains(byte)
    }
  }
}

/// The id of a record: a UUID, printed in lower case.
package protocol RecordID: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
  /// The 36 characters of the UUID, in lower case.
  var description: String { get }
  /// An id that was made or checked before.
  init(stored text: String)
  /// What the argument that carries such an id is called.
  static var argument: String { get }
}

extension RecordID {
  /// A new id, greater than every id made before in this process.
  package static func make() -> Self { Self(stored: TimeOrderedUUID.next()) }

  /// Reads an id in any case.
  ///
  /// - Throws: `invalid_argument` when the text is not a UUID.
  package init(_ text: String) throws(ServiceError) {
    let lower = text.trimmed.lowercased()
    guard TimeOrderedUUID.isUUID(lower) else {
      throw .invalid(Self.argument, "is not an id: ids are UUIDs, as returned when it was made")
    }
    self.init(stored: lower)
  }

  package init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  package static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

/// The id of a session.
package struct SessionID: RecordID {
  package let description: String
  package static let argument = "session_id"
  package init(stored text: String) { description = text }
}

/// The id of a memory.
package struct MemoryID: RecordID {
  package let description: String
  package static let argument = "memory_id"
  package init(stored text: String) { description = text }
}

extension UserID: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// UUIDs of version 7 (RFC 9562): milliseconds first, so that they sort by the time of making.
///
/// The twelve bits after the time count within one millisecond (method 1 of the RFC's section 6.2),
/// which makes the ids of a process strictly increasing, also when the clock steps back.
private enum TimeOrderedUUID {
  private struct Last {
    var milliseconds: UInt64 = 0
    var counter: UInt64 = 0
  }

  private static let last = Mutex(Last())

  static func next() -> String {
    let now = UInt64(max(0, Timestamp.now().milliseconds))
    let (milliseconds, counter) = last.withLock { last in
      if now > last.milliseconds {
        // A start below the middle leaves room for two thousand more in this millisecond.
        last = Last(milliseconds: now, counter: UInt64.random(in: 0..<2048))
      } else if last.counter < 4095 {
        last.counter += 1
      } else {
        last = Last(milliseconds: last.milliseconds + 1, counter: 0)
      }
      return (last.milliseconds, last.counter)
    }
    let high = milliseconds << 16 | 0x7000 | counter
    let low = UInt64.random(in: 0...(UInt64.max >> 2)) | 0x8000_0000_0000_0000
    return format(high, low)
  }

  static func isUUID(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 36 else { return false }
    return bytes.indices.allSatisfy { position in
      switch position {
      case 8, 13, 18, 23: bytes[position] == UInt8(ascii: "-")
      default:
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(bytes[position])
      }
    }
  }

  private static func format(_ high: UInt64, _ low: UInt64) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for nibble in 0..<32 {
      if [8, 12, 16, 20].contains(nibble) { text.append(UInt8(ascii: "-")) }
      let word = nibble < 16 ? high : low
      let shift = UInt64(60 - 4 * (nibble % 16))
      text.append(digits[Int(word >> shift & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
