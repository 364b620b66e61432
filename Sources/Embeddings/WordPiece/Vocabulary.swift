/// The pieces that a model knows, found by their bytes.
///
/// Pieces that start a word and pieces that continue one (written `##piece` in the file) are two
/// sets in one open-addressed table; a set is told from the other by the seed of its hashes. Hashes
/// grow byte by byte, so all prefixes of a word are hashed in one pass over it.
struct Vocabulary: Sendable {
  /// Which of the two sets a piece belongs to.
  enum Position: UInt64, Sendable {
    case start = 0xCBF2_9CE4_8422_2325
    case continuation = 0x9AE1_6A3B_2F90_404F
  }

  /// How many pieces there are; identifiers are 0 up to this.
  let count: Int
  /// The length in bytes of the longest piece.
  private(set) var longest = 0
  /// The bytes of all pieces, one after another, without the marks of continuation.
  private var bytes: [UInt8] = []
  /// Where each piece starts in `bytes`; one more for the end of the last.
  private var starts: [Int32] = [0]
  private var positions: [Position] = []
  /// Identifiers; −1 where the table is empty. The size is a power of two.
  private var table: [Int32]

  /// Makes the vocabulary in which the piece at each position has that identifier.
  ///
  /// - Returns: `nil` when a piece is there twice.
  init?(_ pieces: [Substring]) {
    count = pieces.count
    var size = 16
    while size < 4 * pieces.count { size *= 2 }
    table = [Int32](repeating: -1, count: size)
    for (identifier, piece) in pieces.enumerated() {
      let continues = piece.utf8.starts(with: [0x23, 0x23]) && piece.utf8.count > 2
      let position = continues ? Position.continuation : .start
      guard insert(Array(piece.utf8.dropFirst(continues ? 2 : 0)), position, Int32(identifier))
      else { return nil }
    }
  }

  private mutating func insert(
    _ piece: [UInt8], _ position: Position, _ identifier: Int32
  ) -> Bool {
    let hash = piece.reduce(position.rawValue, Self.hash)
    guard find(piece, 0..<piece.count, position, hash: hash) == nil else { return false }
    var slot = Self.slot(hash, table.count)
    while table[slot] >= 0 { slot = (slot + 1) & (table.count - 1) }
    table[slot] = identifier
    bytes += piece
    starts.append(Int32(bytes.count))
    positions.append(position)
    longest = max(longest, piece.count)
    return true
  }

  /// The identifier of a whole piece.
  subscript(piece: String) -> Int32? {
    let piece = Array(piece.utf8)
    return find(
      piece, 0..<piece.count, .start, hash: piece.reduce(Position.start.rawValue, Self.hash))
  }

  /// The longest piece that the word has at `start`.
  ///
  /// - Parameter hashes: room for the hashes of prefixes, kept by the caller between calls.
  /// - Returns: its identifier and where it ends, or `nil` when no piece fits.
  func longestMatch(
    in word: [UInt8], from start: Int, _ position: Position, hashes: inout [UInt64]
  ) -> (identifier: Int32, end: Int)? {
    hashes.removeAll(keepingCapacity: true)
    var hash = position.rawValue
    for offset in start..<min(word.count, start + longest) {
      hash = Self.hash(hash, word[offset])
      hashes.append(hash)
    }
    // Pieces are whole UTF-8, so a match cannot end inside a character.
    for length in stride(from: hashes.count, to: 0, by: -1) {
      let range = start..<start + length
      if let identifier = find(word, range, position, hash: hashes[length - 1]) {
        return (identifier, range.upperBound)
      }
    }
    return nil
  }

  private func find(
    _ word: [UInt8], _ range: Range<Int>, _ position: Position, hash: UInt64
  ) -> Int32? {
    var slot = Self.slot(hash, table.count)
    while table[slot] >= 0 {
      let identifier = Int(table[slot])
      let start = Int(starts[identifier])
      let length = Int(starts[identifier + 1]) - start
      if length == range.count, positions[identifier] == position,
        (0..<length).allSatisfy({ bytes[start + $0] == word[range.lowerBound + $0] })
      {
        return table[slot]
      }
      slot = (slot + 1) & (table.count - 1)
    }
    return nil
  }

  /// One step of FNV-1a.
  private static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  private static func slot(_ hash: UInt64, _ size: Int) -> Int {
    Int(truncatingIfNeeded: (hash ^ (hash >> 29)) &* 0x9E37_79B9_7F4A_7C15 >> 32) & (size - 1)
  }
}
