internal import CVectorKernels

/// The directions in which vectors of one kind differ most from zero.
///
/// The rows of the matrix B that is returned span the space that most of the sample's length lies in
/// (orthogonal iteration on its second moments). They are nearly orthonormal, and a little shorter
/// than one, so that no vector becomes longer: ‖Bx‖ ≤ ‖x‖ for every x. That is all a bound needs,
/// since then ⟨x,q⟩ − ⟨Bx,Bq⟩ is an inner product of what B does not see.
package enum PrincipalDirections {
  private static let rounds = 12
  /// How far from orthonormal the directions may be, before they are shortened by as much.
  private static let largestDefect = 0x1p-12

  /// Finds directions.
  ///
  /// - Parameters:
  ///   - count: how many, fewer than `dimension`.
  ///   - sample: rows of `dimension` elements, more than `count` of them.
  /// - Returns: `count × dimension` elements; nil when the sample has no such directions.
  /// - Complexity: O(rows × `dimension`²) multiplications by BLAS.
  package static func find(_ count: Int, of sample: [Float], dimension: Int) -> [Float]? {
    let rows = sample.count / dimension
    guard count > 0, count < dimension, rows > count else { return nil }
    var moments = [Float](repeating: 0, count: dimension * dimension)
    unsafe sample.withUnsafeBufferPointer { sample in
      unsafe moments.withUnsafeMutableBufferPointer { moments in
        guard let sample = sample.baseAddress, let moments = moments.baseAddress else { return }
        unsafe vk_sgemm(
          true, false, dimension, dimension, rows, 1 / Float(rows), sample, dimension, sample,
          dimension, 0, moments, dimension)
      }
    }
    // Any start will do that no direction is orthogonal to; rows of the sample are such.
    var basis = Array(sample[0..<(count * dimension)])
    guard orthonormalise(&basis, dimension) else { return nil }
    for _ in 0..<rounds {
      var next = [Float](repeating: 0, count: basis.count)
      var target = next.mutableSpan
      MatrixProduct.multiply(
        basis.span, by: moments.span, into: &target, m: count, n: dimension, k: dimension)
      basis = next
      guard orthonormalise(&basis, dimension) else { return nil }
    }
    guard defect(of: basis, dimension) <= largestDefect else { return nil }
    return basis.map { $0 * Float(1 - largestDefect) }
  }

  /// Makes the rows orthonormal, each against those before it, twice for the sake of rounding.
  private static func orthonormalise(_ basis: inout [Float], _ dimension: Int) -> Bool {
    let kernels = RowKernels()
    for row in 0..<(basis.count / dimension) {
      let range = (row * dimension)..<((row + 1) * dimension)
      for _ in 0..<2 {
        var vector = Array(basis[range])
        if row > 0 {
          var shares = [Float](repeating: 0, count: row)
          var target = shares.mutableSpan
          let earlier = basis.span.extracting(0..<(row * dimension))
          kernels.innerProducts(of: vector.span, with: earlier, into: &target)
          var rest = vector.mutableSpan
          MatrixProduct.multiply(
            shares.span, by: earlier, into: &rest, m: 1, n: dimension, k: row, alpha: -1, beta: 1)
        }
        let norm = RowKernels.squaredNorm(vector.span).squareRoot()
        guard norm > 1e-30, norm.isFinite else { return false }
        for (place, element) in zip(range, vector) { basis[place] = Float(Double(element) / norm) }
      }
    }
    return true
  }

  /// The Frobenius norm of B·Bᵀ − 1, in fp64.
  private static func defect(of basis: [Float], _ dimension: Int) -> Double {
    let rows = basis.count / dimension
    var squares = 0.0
    for a in 0..<rows {
      for b in 0...a {
        var product = a == b ? -1.0 : 0
        for j in 0..<dimension {
          product += Double(basis[a * dimension + j]) * Double(basis[b * dimension + j])
        }
        squares += (a == b ? 1 : 2) * product * product
      }
    }
    return squares.squareRoot()
  }
}
