internal import CVectorKernels

/// The hash function SHA-256 (FIPS 180-4), for recognising files by their content.
package enum SHA256 {
  /// The digest of the bytes as 64 hexadecimal digits in lower case.
  ///
  /// - Complexity: O(`bytes.count`), about a fifth of a gigabyte a second, or above one where the
  ///   machine has instructions for it.
  package static func hexadecimalDigest(
    of bytes: Span<UInt8>, on instructionSet: InstructionSet = .detected
  ) -> String {
    var state: [UInt32] = [
      0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
      0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    let whole = bytes.count / 64
    absorb(bytes.extracting(first: whole * 64), blocks: whole, into: &state, on: instructionSet)
    let ending = padding(
      after: bytes.extracting(droppingFirst: whole * 64), bitCount: UInt64(bytes.count) * 8)
    absorb(ending.span, blocks: ending.count / 64, into: &state, on: instructionSet)
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The last one or two blocks: the rest, a bit that is set, zeros, the length in bits.
  private static func padding(after rest: Span<UInt8>, bitCount: UInt64) -> [UInt8] {
    var ending: [UInt8] = []
    for position in rest.indices { ending.append(rest[position]) }
    ending.append(0x80)
    while ending.count % 64 != 56 { ending.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      ending.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
    }
    return ending
  }

  private static func absorb(
    _ bytes: Span<UInt8>, blocks: Int, into state: inout [UInt32], on instructionSet: InstructionSet
  ) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe state.withUnsafeMutableBufferPointer { state in
        guard let source = bytes.baseAddress, let target = state.baseAddress else { return }
        unsafe vk_sha256_blocks(instructionSet.code, target, source, blocks)
      }
    }
  }
}
