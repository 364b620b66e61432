/// Bytes changed in a few places, the way a broken or hostile client would send them.
package struct Mutation: Sendable {
  private let tokens: [[UInt8]]

  /// - Parameter tokens: what is put into the bytes here and there.
  package init(tokens: [String]) { self.tokens = tokens.map { Array($0.utf8) } }

  package func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let from = Int.random(in: 0...bytes.count, using: &generator)
      let to = min(bytes.count, from + Int.random(in: 0...12, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes.removeSubrange(from..<to)
      case 1: bytes.insert(contentsOf: bytes[from..<to], at: from)
      case 2: bytes.insert(.random(in: 0...255, using: &generator), at: from)
      case 3: bytes.replaceSubrange(from..<to, with: token(&generator))
      case 4: bytes.insert(contentsOf: token(&generator), at: from)
      default: if from > 0 { bytes.removeSubrange(from...) }
      }
    }
    return bytes
  }

  private func token(_ generator: inout SeededGenerator) -> [UInt8] {
    tokens[Int.random(in: tokens.indices, using: &generator)]
  }
}
