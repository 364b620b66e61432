import TestSupport
import Testing
import VectorKernels

@Suite struct PrefixCodesTests {
  /// Vectors most of whose length lies in a few directions, of lengths from tiny to the longest.
  private func vector(_ dimension: Int, _ generator: inout SeededGenerator) -> [Float] {
    let plain = generator.vector(dimension)
    let scale: Float = [1, 1, 1, 1e-20, 1e12].randomElement(using: &generator)!
    let shaped = plain.indices.map { plain[$0] * scale / Float(1 + $0 / 4) }
    return Int.random(in: 0..<20, using: &generator) == 0 ? plain.map { _ in 0 } : shaped
  }

  private func product(_ a: [Float], _ basis: [Float], _ directions: Int) -> [Float] {
    var seen = [Float](repeating: 0, count: directions)
    var target = seen.mutableSpan
    MatrixProduct.multiply(
      a.span, transposing: basis.span, into: &target, m: 1, n: directions, k: a.count)
    return seen
  }

  /// What the directions do not see of a vector.
  private func rest(_ vector: [Float], _ basis: [Float], _ directions: Int) -> [Float] {
    let seen = product(vector, basis, directions)
    return vector.indices.map { j in
      (0..<directions).reduce(vector[j]) { $0 - seen[$1] * basis[$1 * vector.count + j] }
    }
  }

  @Test func `directions see most of the sample and make no vector longer`() throws {
    var generator = SeededGenerator(seed: 31)
    let (dimension, directions) = (96, 24)
    let sample = (0..<400).flatMap { _ in
      let plain = generator.vector(dimension)
      return plain.indices.map { plain[$0] / Float(1 + $0 / 4) }
    }
    let basis = try #require(
      PrincipalDirections.find(directions, of: sample, dimension: dimension))
    var share = 0.0
    for _ in 0..<200 {
      let any = generator.vector(dimension)
      let seen = RowKernels.squaredNorm(product(any, basis, directions).span)
      #expect(seen <= RowKernels.squaredNorm(any.span))
    }
    for row in 0..<400 {
      let one = Array(sample[(row * dimension)..<((row + 1) * dimension)])
      let seen = RowKernels.squaredNorm(product(one, basis, directions).span)
      share += seen / RowKernels.squaredNorm(one.span) / 400
    }
    #expect(share > 0.9)
    #expect(
      PrincipalDirections.find(
        4, of: [Float](repeating: 0, count: 20 * dimension), dimension: dimension) == nil)
  }

  @Test(arguments: [false, true])
  func `a row is found at the threshold of its own score, whatever the query`(
    euclidean: Bool
  ) throws {
    var generator = SeededGenerator(seed: 32)
    for (dimension, directions) in [(20, 5), (128, 32), (130, 61)] {
      let rows = (0..<48).map { _ in vector(dimension, &generator) }
      let sample = (0..<300).flatMap { _ in
        let plain = generator.vector(dimension)
        return plain.indices.map { plain[$0] / Float(1 + $0 / 4) }
      }
      let basis = try #require(
        PrincipalDirections.find(directions, of: sample, dimension: dimension))
      let coded = blocks(of: rows, basis, directions)
      let prefixes = PrefixCodes(
        directions: directions, dimension: dimension, largestError: coded.largestError)
      var queries = (0..<6).map { _ in vector(dimension, &generator) }
      queries += rows.prefix(8).map { rest($0, basis, directions) }
      for query in queries {
        let tile = CodeTile([
          prefixes.code(of: query.span, basis: basis.span, euclidean: euclidean)
        ])
        for (number, row) in rows.enumerated() {
          let score = canonical(row, query, euclidean: euclidean)
          var isFound = false
          coded.storage.withSpan(0..<coded.storage.count) { bytes in
            for hit in tile.look(at: bytes, thresholds: [score].span)
            where hit.block == number / 16 && hit.lanes >> UInt16(number % 16) & 1 == 1 {
              isFound = true
            }
          }
          #expect(isFound, "dimension \(dimension), row \(number), \(euclidean)")
        }
      }
    }
  }

  private func blocks(
    of rows: [[Float]], _ basis: [Float], _ directions: Int
  ) -> (storage: AppendOnlyStorage<UInt8>, largestError: Float) {
    let layout = CodeLayout(dimension: directions)
    let count = CodeLayout.blocks(ofRows: rows.count)
    let storage = AppendOnlyStorage<UInt8>(capacity: count * layout.blockLength)
    var largestError: Float = 0
    for block in 0..<count {
      var bytes = [UInt8](repeating: 0, count: layout.blockLength)
      for lane in 0..<16 where block * 16 + lane < rows.count {
        let row = rows[block * 16 + lane]
        let seen = product(row, basis, directions)
        var target = bytes.mutableSpan
        let error = PrefixCodes.encode(
          seen.span, of: row.span, layout, lane: lane, into: &target)
        largestError = max(largestError, error)
      }
      storage.append(bytes.span)
    }
    return (storage, largestError)
  }

  private func canonical(_ row: [Float], _ query: [Float], euclidean: Bool) -> Float {
    var score: [Float] = [0]
    var target = score.mutableSpan
    if euclidean {
      RowKernels(.scalar).squaredDistances(of: query.span, with: row.span, into: &target)
      return -score[0]
    }
    RowKernels(.scalar).innerProducts(of: query.span, with: row.span, into: &target)
    return score[0]
  }
}
