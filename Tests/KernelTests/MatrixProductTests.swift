import TestSupport
import Testing
import VectorKernels

@Suite struct MatrixProductTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 7), (17, 33, 64), (64, 48, 384), (2, 200, 31)])
  func `products equal a sum in Double within the bound of their length`(
    m: Int, n: Int, k: Int
  ) {
    var generator = SeededGenerator(seed: UInt64(m * 1_000_000 + n * 1_000 + k))
    let a = generator.vector(m * k)
    let b = generator.vector(n * k)
    var flipped = [Float](repeating: 0, count: n * k)
    for row in 0..<n { for column in 0..<k { flipped[column * n + row] = b[row * k + column] } }
    var byRows = [Float](repeating: .nan, count: m * n)
    var byColumns = byRows
    var target = byRows.mutableSpan
    MatrixProduct.multiply(a.span, transposing: b.span, into: &target, m: m, n: n, k: k)
    var other = byColumns.mutableSpan
    MatrixProduct.multiply(a.span, by: flipped.span, into: &other, m: m, n: n, k: k)
    for row in 0..<m {
      for column in 0..<n {
        var exact = 0.0
        for i in 0..<k { exact += Double(a[row * k + i]) * Double(b[column * k + i]) }
        let bound = Double(k) * 0x1p-24 * Double(k)
        #expect(abs(Double(byRows[row * n + column]) - exact) <= bound)
        #expect(abs(Double(byColumns[row * n + column]) - exact) <= bound)
      }
    }
  }

  @Test func `blocks of larger matrices are read and written in place`() {
    // The second column of a 2 × 2 matrix times itself, into the first column of the target.
    let matrix: [Float] = [1, 2, 3, 4]
    var target: [Float] = [10, 20, 30, 40]
    var span = target.mutableSpan
    MatrixProduct.multiply(
      matrix.span.extracting(1..<4), transposing: matrix.span.extracting(1..<2), into: &span,
      m: 2, n: 1, k: 1, aStride: 2, bStride: 2, cStride: 2, alpha: 0.5, beta: 1)
    #expect(target == [12, 20, 34, 40])
  }
}
