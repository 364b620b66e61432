internal import Foundation

/// How a vector lies in the database: its elements as fp32, little-endian.
enum VectorBytes {
  static func data(_ vector: [Float]) -> Data {
    guard isLittleEndian else {
      let bits = vector.map { $0.bitPattern.littleEndian }
      return unsafe bits.withUnsafeBytes { unsafe Data($0) }
    }
    return unsafe vector.withUnsafeBytes { unsafe Data($0) }
  }

  /// Appends the elements; a rest of fewer bytes than one takes is left out.
  static func append(_ data: Data, to vector: inout [Float]) {
    let start = vector.count
    let length = data.count / 4 * 4
    vector.append(contentsOf: repeatElement(0, count: length / 4))
    unsafe vector.withUnsafeMutableBytes { target in
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[(4 * start)...])
      unsafe data.withUnsafeBytes { bytes in
        unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
      }
    }
    guard !isLittleEndian else { return }
    for place in start..<vector.count {
      vector[place] = Float(bitPattern: UInt32(littleEndian: vector[place].bitPattern))
    }
  }

  private static var isLittleEndian: Bool { UInt32(1).littleEndian == 1 }
}
