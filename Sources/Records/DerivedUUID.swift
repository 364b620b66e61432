/// Ids that follow from names, so that a data set gets the same ids wherever it is converted.
package enum DerivedUUID {
  /// A UUID of version 8 (RFC 9562: the maker's own rule), in lower case.
  ///
  /// Its bits are two FNV-1a hashes of the name with different beginnings, mixed.
  package static func of(_ name: String) -> String {
    let high = hash(name, start: 0xcbf2_9ce4_8422_2325) & ~0xF000 | 0x8000
    let low = hash(name, start: 0x9e37_79b9_7f4a_7c15) & (UInt64.max >> 2) | (1 << 63)
    let digits = hexadecimal(high) + hexadecimal(low)
    var text = ""
    for (position, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(position) { text.append("-") }
      text.append(digit)
    }
    return text
  }

  private static func hash(_ name: String, start: UInt64) -> UInt64 {
    var hash = start
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    // FNV's high bits alone are weak for short names.
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
