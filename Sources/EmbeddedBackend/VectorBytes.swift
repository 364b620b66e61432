internal import Foundation

/// How a vector lies in the database: its elements as fp32, little-endian.
enum VectorBytes {
  static func data(_ vector: [Float]) -> Data {
    let bits = vector.map { $0.bitPattern.littleEndian }
    return unsafe bits.withUnsafeBytes { unsafe Data($0) }
  }

  /// Appends the elements; a rest of fewer bytes than one takes is left out.
  static func append(_ data: Data, to vector: inout [Float]) {
    unsafe data.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count - 3, by: 4) {
        let bits = unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        vector.append(Float(bitPattern: UInt32(littleEndian: bits)))
      }
    }
  }
}
