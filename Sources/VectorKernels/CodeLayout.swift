internal import CVectorKernels

#if canImport(Glibc)
internal import Glibc
#endif

/// Where the codes of rows lie: blocks of sixteen rows, each a row of bytes for every four
/// dimensions and three factors for every row; see `CVectorKernels.h`.
package struct CodeLayout: Hashable, Sendable {
  /// Rows of a block.
  package static let lanes = 16

  /// Dimensions of the rows.
  package let dimension: Int
  let groups: Int
  /// Bytes of a block, a multiple of 64.
  package let blockLength: Int

  package init(dimension: Int) {
    precondition(dimension > 0, "a row has at least one element")
    self.dimension = dimension
    groups = (dimension + 3) / 4
    blockLength = groups * 64 + 3 * 4 * Self.lanes
  }

  /// How many blocks hold so many rows.
  package static func blocks(ofRows count: Int) -> Int { (count + lanes - 1) / lanes }

  /// The blocks in which some rows lie.
  package static func blocks(_ rows: Range<Int>) -> Range<Int> {
    (rows.lowerBound / lanes)..<max(rows.lowerBound / lanes, blocks(ofRows: rows.upperBound))
  }

  /// The rows of some blocks.
  package static func rows(_ blocks: Range<Int>) -> Range<Int> {
    (blocks.lowerBound * lanes)..<(blocks.upperBound * lanes)
  }

  /// Writes a row's code into a lane of a block.
  package func encode(_ row: Span<Float>, lane: Int, of block: inout MutableSpan<UInt8>) {
    precondition(row.count == dimension && block.count == blockLength, "one row, one block")
    precondition((0..<Self.lanes).contains(lane), "a block has sixteen lanes")
    unsafe row.withUnsafeBufferPointer { row in
      unsafe block.withUnsafeMutableBufferPointer { block in
        guard let row = row.baseAddress, let block = block.baseAddress else { return }
        unsafe vk_encode_row(row, dimension, block, lane)
      }
    }
  }
}

/// Codes of a fixed number of rows that one writer fills from the front while readers look at the
/// rows that were there when they were told of them.
///
/// - Note: `@unchecked Sendable` for the reason of `AppendOnlyStorage`. A reader's kernel also loads
///   the bytes of lanes that the writer may be filling, since rows share blocks; they are bytes of
///   other rows, and what becomes of them is masked out.
@safe
package final class CodeStorage: @unchecked Sendable {
  package let layout: CodeLayout
  private let blockCount: Int
  private let base: UnsafeMutablePointer<UInt8>

  /// Makes room for so many rows.
  package init(_ layout: CodeLayout, capacity: Int) {
    self.layout = layout
    blockCount = CodeLayout.blocks(ofRows: capacity)
    let length = max(1, blockCount * layout.blockLength)
    let raw = unsafe AlignedMemory.allocate(byteCount: length)
    unsafe base = unsafe raw.bindMemory(to: UInt8.self, capacity: length)
    unsafe base.initialize(repeating: 0, count: length)
  }

  deinit { unsafe base.deallocate() }

  /// Writes the code of a row at its position.
  package func encode(_ row: Span<Float>, at position: Int) {
    let block = position / CodeLayout.lanes
    precondition(position >= 0 && block < blockCount, "beyond the storage")
    var target = unsafe MutableSpan(
      _unsafeStart: base + block * layout.blockLength, count: layout.blockLength)
    layout.encode(row, lane: position % CodeLayout.lanes, of: &target)
  }

  /// Takes over the blocks of another storage that hold its first rows.
  package func copy(_ other: CodeStorage, rows: Int) {
    precondition(other.layout == layout, "codes of one dimension")
    let blocks = CodeLayout.blocks(ofRows: rows)
    precondition(blocks <= min(blockCount, other.blockCount), "beyond the storage")
    unsafe base.update(from: other.base, count: blocks * layout.blockLength)
  }

  /// Lends blocks.
  package func withBlocks<R, E: Error>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    precondition(blocks.lowerBound >= 0 && blocks.upperBound <= blockCount, "beyond the storage")
    let bytes = unsafe UnsafeBufferPointer(
      start: base + blocks.lowerBound * layout.blockLength,
      count: blocks.count * layout.blockLength)
    return try body(unsafe bytes.span)
  }
}

/// Memory that begins at a cache line and, when there is much of it, lies in large pages: a scan of
/// small ones spends part of its time on looking up where they are.
package enum AlignedMemory {
  private static let largePage = 2 << 20

  /// Asks for memory that will be read soon.
  package static func expect(_ bytes: UnsafeRawPointer, count: Int) {
    unsafe vk_expect(bytes, count)
  }

  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let isLarge = byteCount >= 2 * largePage
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? largePage : 64)
    #if canImport(Glibc)
    // Advice: where the system has no large pages, small ones do.
    if isLarge { _ = unsafe madvise(raw, byteCount, MADV_HUGEPAGE) }
    #endif
    return unsafe raw
  }
}
