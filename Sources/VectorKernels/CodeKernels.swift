internal import CVectorKernels

/// Certified bounds of scores, from codes.
package struct CodeKernels: Sendable {
  /// Where the kernels run.
  package let instructionSet: InstructionSet

  package init(_ instructionSet: InstructionSet = .detected) {
    self.instructionSet = instructionSet
  }

  /// Writes a lower and an upper bound of the canonical score of each row of some blocks.
  ///
  /// - Parameters:
  ///   - query: prepared for this instruction set.
  ///   - blocks: whole blocks, which begin at a multiple of 64 bytes.
  ///   - live: a bit for each lane of each block; the bounds of other lanes become NaN.
  ///   - lowers: room for sixteen numbers a block, as is `uppers`.
  ///   - isFine: whether both planes of the query are used, or the first alone.
  /// - Complexity: O(rows × `dimension`), no allocation; blocks without a live lane are not read.
  package func bounds(
    of query: CodeQuery, in blocks: Span<UInt8>, live: Span<UInt16>,
    lowers: inout MutableSpan<Float>, uppers: inout MutableSpan<Float>, isFine: Bool = true
  ) {
    let count = blocks.count / query.layout.blockLength
    precondition(count * query.layout.blockLength == blocks.count, "whole blocks")
    precondition(query.suits(instructionSet), "a query that was prepared for other kernels")
    precondition(live.count >= count, "a mask for each block")
    precondition(
      lowers.count >= count * CodeLayout.lanes && uppers.count >= count * CodeLayout.lanes,
      "no room for the bounds")
    unsafe blocks.withUnsafeBufferPointer { blocks in
      unsafe live.withUnsafeBufferPointer { live in
        unsafe lowers.withUnsafeMutableBufferPointer { lowers in
          unsafe uppers.withUnsafeMutableBufferPointer { uppers in
            guard let blocks = blocks.baseAddress, let lowers = lowers.baseAddress,
              let uppers = uppers.baseAddress
            else { return }
            precondition(UInt(bitPattern: blocks) % 64 == 0, "not aligned")
            unsafe query.withCode(isFine: isFine) { code in
              var code = unsafe code
              unsafe vk_bound_codes(
                instructionSet.code, blocks, count, query.layout.groups, &code, live.baseAddress,
                lowers, uppers)
            }
          }
        }
      }
    }
  }
}
