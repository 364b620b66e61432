internal import CVectorKernels

/// Canonical fp32 scores of blocks of rows, and what is done with blocks of scores.
///
/// Rows are `count × dimension`, row-major, without gaps. The functions trap on shapes that do not
/// fit together; nothing allocates.
package struct RowKernels: Sendable {
  /// Where the kernels run.
  package let instructionSet: InstructionSet

  package init(_ instructionSet: InstructionSet = .detected) {
    self.instructionSet = instructionSet
  }

  /// Writes the inner product of the query and each row.
  ///
  /// - Parameters:
  ///   - query: `dimension` elements.
  ///   - rows: `count × dimension` elements.
  ///   - scores: room for at least `count` elements; the first `count` are written.
  /// - Complexity: O(`count` × `dimension`) multiplications, no allocation.
  package func innerProducts(
    of query: Span<Float>, with rows: Span<Float>, into scores: inout MutableSpan<Float>
  ) {
    unsafe score(query, rows, &scores) { unsafe vk_inner_product_f32_rows($0, $1, $2, $3, $4, $5) }
  }

  /// Writes the squared Euclidean distance of the query and each row; shapes as above.
  package func squaredDistances(
    of query: Span<Float>, with rows: Span<Float>, into distances: inout MutableSpan<Float>
  ) {
    unsafe score(query, rows, &distances) {
      unsafe vk_squared_distance_f32_rows($0, $1, $2, $3, $4, $5)
    }
  }

  /// Writes the positions of all scores that are at least `threshold`, in ascending order.
  ///
  /// - Parameters:
  ///   - scores: fewer than 2³² elements.
  ///   - positions: room for at least as many elements as there are scores.
  /// - Returns: how many positions were written.
  package func positions(
    of scores: Span<Float>, atLeast threshold: Float, into positions: inout MutableSpan<UInt32>
  ) -> Int {
    precondition(positions.count >= scores.count, "no room for the positions")
    return unsafe scores.withUnsafeBufferPointer { scores in
      unsafe positions.withUnsafeMutableBufferPointer { positions in
        guard let source = scores.baseAddress, let target = positions.baseAddress else { return 0 }
        return unsafe vk_select_at_least_f32(
          instructionSet.code, source, scores.count, threshold, target)
      }
    }
  }

  /// The same, into an array that has room.
  package func positions(
    of scores: Span<Float>, atLeast threshold: Float, into positions: inout [UInt32]
  ) -> Int {
    var target = positions.mutableSpan
    return self.positions(of: scores, atLeast: threshold, into: &target)
  }

  /// The CRC-32C of the elements' bytes, continuing from `checksum`.
  package func checksum<Element: BitwiseCopyable>(
    of elements: Span<Element>, continuing checksum: UInt32 = 0
  ) -> UInt32 {
    unsafe elements.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return checksum }
      return unsafe vk_crc32c(
        instructionSet.code, checksum, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
  }

  /// The sum of the squares of a row's elements, in fp64.
  ///
  /// Finite exactly when every element is: the square of the largest `Float` is far below the
  /// largest `Double`.
  package static func squaredNorm(_ row: Span<Float>) -> Double {
    unsafe row.withUnsafeBufferPointer { row in
      guard let base = row.baseAddress else { return 0 }
      return unsafe vk_squared_norm_f64(base, row.count)
    }
  }

  /// Appends the quotients of a row's elements and a number, divided in fp64.
  package static func divide(_ row: Span<Float>, by divisor: Double, into quotients: inout [Float])
  {
    let start = quotients.count
    quotients.append(contentsOf: repeatElement(0, count: row.count))
    unsafe row.withUnsafeBufferPointer { row in
      unsafe quotients.withUnsafeMutableBufferPointer { quotients in
        guard let source = row.baseAddress, let target = quotients.baseAddress else { return }
        unsafe vk_divide_f32(source, row.count, divisor, target + start)
      }
    }
  }

  private typealias Kernel = (
    vk_instruction_set, UnsafePointer<Float>, Int, Int, UnsafePointer<Float>,
    UnsafeMutablePointer<Float>
  ) -> Void

  @inline(__always)
  private func score(
    _ query: Span<Float>, _ rows: Span<Float>, _ scores: inout MutableSpan<Float>,
    kernel: Kernel
  ) {
    let dimension = query.count
    precondition(dimension > 0, "a query has at least one dimension")
    let count = rows.count / dimension
    precondition(count * dimension == rows.count, "rows are count × dimension")
    precondition(scores.count >= count, "no room for the scores")
    unsafe query.withUnsafeBufferPointer { query in
      unsafe rows.withUnsafeBufferPointer { rows in
        unsafe scores.withUnsafeMutableBufferPointer { scores in
          guard let query = query.baseAddress, let rows = rows.baseAddress,
            let scores = scores.baseAddress
          else { return }
          unsafe kernel(instructionSet.code, rows, count, dimension, query, scores)
        }
      }
    }
  }
}
