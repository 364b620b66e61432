internal import CVectorKernels

/// A few queries that are compared with codes together, by their first planes alone: blocks are read
/// once for all of them, thresholds are tested in registers, and no matrix of scores is written.
///
/// A class, because its planes must not move while kernels look at them.
///
/// - Note: `@unchecked Sendable` because nothing of it is written after it was made.
@safe
package final class CodeTile: @unchecked Sendable {
  /// How many queries a tile has at most.
  package static let largestCount = Int(VK_CODE_TILE)

  /// A block in which some rows can reach the threshold of a query.
  package struct Hit: Sendable {
    fileprivate let hit: vk_code_hit

    /// The block, counted from the first that was looked at.
    package var block: Int { Int(hit.block) }
    /// The query, counted from the first of the tile.
    package var query: Int { Int(hit.query) }
    /// A bit for each row of the block.
    package var lanes: UInt16 { hit.lanes }
  }

  /// How many queries it has.
  package let count: Int
  private let kernels: CodeKernels
  private let layout: CodeLayout
  private let planes: UnsafeMutablePointer<Int8>
  private let queries: UnsafeMutablePointer<vk_code_query>

  /// Gathers 1 to `largestCount` queries of one dimension, prepared for the kernels.
  package init(_ members: ArraySlice<CodeQuery>, _ kernels: CodeKernels = CodeKernels()) {
    precondition(
      (1...Self.largestCount).contains(members.count), "a tile has one to six queries")
    count = members.count
    self.kernels = kernels
    layout = members[members.startIndex].layout
    let length = layout.groups * 4
    unsafe planes = .allocate(capacity: count * length)
    unsafe queries = .allocate(capacity: count)
    for (number, member) in members.enumerated() {
      precondition(member.layout == layout, "queries of one dimension")
      precondition(
        member.suits(kernels.instructionSet), "a query that was prepared for other kernels")
      let plane = unsafe planes + number * length
      unsafe member.withCode(isFine: false) { code in
        unsafe plane.initialize(from: code.high, count: length)
        var own = unsafe code
        unsafe own.high = UnsafePointer(plane)
        unsafe (queries + number).initialize(to: own)
      }
    }
  }

  deinit {
    unsafe planes.deallocate()
    unsafe queries.deallocate()
  }

  /// Looks for rows whose upper bound is at least the threshold of a query.
  ///
  /// - Parameters:
  ///   - blocks: whole blocks, which begin at a multiple of 64 bytes.
  ///   - thresholds: one for each query.
  /// - Returns: what was found, by block, then query.
  /// - Complexity: O(rows × queries × `dimension`).
  package func look(at blocks: Span<UInt8>, thresholds: Span<Float>) -> [Hit] {
    let number = blocks.count / layout.blockLength
    precondition(number * layout.blockLength == blocks.count, "whole blocks")
    precondition(thresholds.count >= count, "a threshold for each query")
    return unsafe blocks.withUnsafeBufferPointer { blocks in
      unsafe thresholds.withUnsafeBufferPointer { thresholds in
        unsafe withUnsafeTemporaryAllocation(of: vk_code_hit.self, capacity: number * count) {
          hits in
          guard let blocks = blocks.baseAddress, let thresholds = thresholds.baseAddress,
            let room = hits.baseAddress
          else { return [] }
          precondition(UInt(bitPattern: blocks) % 64 == 0, "not aligned")
          let found = unsafe vk_tile_codes(
            kernels.instructionSet.code, blocks, number, layout.groups, queries, count, thresholds,
            room)
          return (0..<found).map { unsafe Hit(hit: hits[$0]) }
        }
      }
    }
  }

  /// Keeps of what was found in other codes of the same rows the rows whose upper bound by these is at
  /// least the threshold of the query.
  ///
  /// - Parameters:
  ///   - hits: as ``look(at:thresholds:)`` of a tile of the same queries has returned them.
  ///   - blocks: the codes of the rows that were looked at.
  /// - Complexity: O(hits × `dimension`).
  package func narrow(_ hits: inout [Hit], in blocks: Span<UInt8>, thresholds: Span<Float>) {
    let number = blocks.count / layout.blockLength
    precondition(number * layout.blockLength == blocks.count, "whole blocks")
    precondition(thresholds.count >= count, "a threshold for each query")
    precondition(hits.allSatisfy { $0.block < number && $0.query < count }, "hits in these blocks")
    let left = unsafe blocks.withUnsafeBufferPointer { blocks in
      unsafe thresholds.withUnsafeBufferPointer { thresholds in
        unsafe hits.withUnsafeMutableBytes { hits in
          guard let blocks = blocks.baseAddress, let thresholds = thresholds.baseAddress,
            let found = unsafe hits.assumingMemoryBound(to: vk_code_hit.self).baseAddress
          else { return 0 }
          precondition(UInt(bitPattern: blocks) % 64 == 0, "not aligned")
          return unsafe vk_narrow_hits(
            kernels.instructionSet.code, blocks, layout.groups, queries, thresholds, found,
            hits.count / MemoryLayout<vk_code_hit>.stride)
        }
      }
    }
    hits.removeLast(hits.count - left)
  }
}
