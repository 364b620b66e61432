internal import CVectorKernels

/// Products of row-major matrices through the platform's BLAS, on the calling thread.
package enum MatrixProduct {
  /// Computes `c = alpha · a · bᵀ + beta · c`.
  ///
  /// The stored rows of each matrix may be further apart than they are long (`…Stride`, in
  /// elements; by default they are dense), so a block of a larger matrix can be named by a span that
  /// starts at its first element.
  ///
  /// - Parameters:
  ///   - a: `m × k`.
  ///   - b: `n × k`.
  ///   - c: `m × n`.
  /// - Complexity: `m · n · k` multiplications.
  package static func multiply(
    _ a: Span<Float>, transposing b: Span<Float>, into c: inout MutableSpan<Float>,
    m: Int, n: Int, k: Int, aStride: Int? = nil, bStride: Int? = nil, cStride: Int? = nil,
    alpha: Float = 1, beta: Float = 0
  ) {
    let lda = aStride ?? k
    let ldb = bStride ?? k
    let ldc = cStride ?? n
    check(a.count, rows: m, columns: k, stride: lda)
    check(b.count, rows: n, columns: k, stride: ldb)
    check(c.count, rows: m, columns: n, stride: ldc)
    product(a, b, &c, transposed: true, m, n, k, lda, ldb, ldc, alpha, beta)
  }

  /// Computes `c = alpha · a · b + beta · c`, with `b` stored as `k × n`; otherwise as above.
  package static func multiply(
    _ a: Span<Float>, by b: Span<Float>, into c: inout MutableSpan<Float>,
    m: Int, n: Int, k: Int, aStride: Int? = nil, bStride: Int? = nil, cStride: Int? = nil,
    alpha: Float = 1, beta: Float = 0
  ) {
    let lda = aStride ?? k
    let ldb = bStride ?? n
    let ldc = cStride ?? n
    check(a.count, rows: m, columns: k, stride: lda)
    check(b.count, rows: k, columns: n, stride: ldb)
    check(c.count, rows: m, columns: n, stride: ldc)
    product(a, b, &c, transposed: false, m, n, k, lda, ldb, ldc, alpha, beta)
  }

  private static func check(_ elements: Int, rows: Int, columns: Int, stride: Int) {
    precondition(rows > 0 && columns > 0 && stride >= columns, "a matrix has rows and columns")
    precondition(elements >= (rows - 1) * stride + columns, "the matrix is larger than its storage")
    precondition(stride <= Int(Int32.max) && rows <= Int(Int32.max), "beyond the integers of BLAS")
  }

  private static func product(
    _ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>, transposed: Bool,
    _ m: Int, _ n: Int, _ k: Int, _ lda: Int, _ ldb: Int, _ ldc: Int, _ alpha: Float,
    _ beta: Float
  ) {
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          unsafe vk_sgemm(false, transposed, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        }
      }
    }
  }
}
