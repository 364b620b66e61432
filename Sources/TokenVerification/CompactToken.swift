#if OAuth
internal import Foundation
internal import MCPServer
internal import Records

/// A signed token taken apart (RFC 7515); nothing of it is believed before its signature holds.
struct CompactToken {
  let header: [String: JSONValue]
  let signature: [UInt8]
  /// What the signature is of.
  let signed: [UInt8]
  private let payload: [UInt8]

  init(_ text: String) throws(CredentialsRefusal) {
    guard text.utf8.count <= TokenRules.lengthLimit else { throw Self.malformed }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Self.decoded(parts[0]),
      let payload = Self.decoded(parts[1]), let signature = Self.decoded(parts[2])
    else { throw Self.malformed }
    self.header = try Self.object(header)
    self.payload = payload
    self.signature = signature
    signed = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
  }

  /// What the token says.
  func claims() throws(CredentialsRefusal) -> [String: JSONValue] { try Self.object(payload) }

  private static let malformed = CredentialsRefusal.invalid("The token is malformed.")

  private static func object(_ text: [UInt8]) throws(CredentialsRefusal) -> [String: JSONValue] {
    guard let object = try? JSONTextReader.value(of: text, refusesRepeatedNames: true).object else {
      throw malformed
    }
    return object
  }

  /// The bytes of base64url, in the one spelling that they have: no padding, no bits that mean nothing.
  private static func decoded(_ part: Substring.UTF8View) -> [UInt8]? {
    var base64: [UInt8] = []
    base64.reserveCapacity(part.count + 3)
    for byte in part {
      switch byte {
      case UInt8(ascii: "-"): base64.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): base64.append(UInt8(ascii: "/"))
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      default: base64.append(byte)
      }
    }
    while base64.count % 4 != 0 { base64.append(UInt8(ascii: "=")) }
    guard let data = Data(base64Encoded: Data(base64)), data.base64EncodedData() == Data(base64)
    else { return nil }
    return Array(data)
  }
}
#endif
