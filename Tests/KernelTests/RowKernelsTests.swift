import TestSupport
import Testing
import VectorKernels

/// The slices at offsets 0…7 of one buffer: the kernels see every alignment of a `Float`.
private func scores(
  _ set: InstructionSet, _ storage: [Float], offset: Int, count: Int, dimension: Int,
  query: [Float], distances: Bool
) -> [Float] {
  var out = [Float](repeating: .nan, count: count)
  let rows = storage.span.extracting(offset..<(offset + count * dimension))
  var target = out.mutableSpan
  if distances {
    RowKernels(set).squaredDistances(of: query.span, with: rows, into: &target)
  } else {
    RowKernels(set).innerProducts(of: query.span, with: rows, into: &target)
  }
  return out
}

@Suite struct RowKernelsTests {
  @Test(arguments: InstructionSet.available, [false, true])
  func `every set equals the scalar oracle bit for bit over all tails and alignments`(
    set: InstructionSet, distances: Bool
  ) {
    var generator = SeededGenerator(seed: 1)
    for dimension in 1...130 {
      let query = generator.vector(dimension)
      let storage = generator.vector(8 + 9 * dimension)
      for offset in 0..<8 {
        for count in 0...9 {
          let expected = scores(
            .scalar, storage, offset: offset, count: count, dimension: dimension, query: query,
            distances: distances)
          let found = scores(
            set, storage, offset: offset, count: count, dimension: dimension, query: query,
            distances: distances)
          #expect(
            found.map(\.bitPattern) == expected.map(\.bitPattern),
            "dimension \(dimension), offset \(offset), \(count) rows")
        }
      }
    }
  }

  @Test(arguments: [false, true])
  func `the scalar oracle is within its error bound of a sum in Double`(distances: Bool) {
    var generator = SeededGenerator(seed: 2)
    for dimension in 1...400 {
      let query = generator.vector(dimension)
      let row = generator.vector(dimension)
      let found = scores(
        .scalar, row, offset: 0, count: 1, dimension: dimension, query: query,
        distances: distances)
      var exact = 0.0
      var magnitude = 0.0
      for (x, q) in zip(row, query) {
        let term =
          distances ? (Double(x) - Double(q)) * (Double(x) - Double(q)) : Double(x) * Double(q)
        exact += term
        magnitude += abs(term)
      }
      // Sixteen lanes: at most ⌈d/16⌉ additions a lane, four of the tree, two for a difference.
      let roundings = Double((dimension + 15) / 16 + 4 + 2)
      #expect(abs(Double(found[0]) - exact) <= roundings * 0x1p-24 * magnitude)
    }
  }

  @Test(arguments: InstructionSet.available)
  func `zeros, denormals, huge and negative zero elements are treated alike`(set: InstructionSet) {
    let special: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1e15, -1e15,
      1, -1, 1.0000001, 3e-20, -3e-20,
    ]
    var generator = SeededGenerator(seed: 3)
    for dimension in 1...40 {
      for _ in 0..<20 {
        let query = (0..<dimension).map { _ in special.randomElement(using: &generator)! }
        let rows = (0..<(5 * dimension)).map { _ in special.randomElement(using: &generator)! }
        for distances in [false, true] {
          let expected = scores(
            .scalar, rows, offset: 0, count: 5, dimension: dimension, query: query,
            distances: distances)
          let found = scores(
            set, rows, offset: 0, count: 5, dimension: dimension, query: query,
            distances: distances)
          #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `selection finds exactly the scores that reach the threshold`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 4)
    for count in 0...70 {
      var values = (0..<count).map { _ in Float(Int.random(in: -3...3, using: &generator)) }
      if count > 3 { values[3] = .nan }
      for threshold in [-Float.infinity, -1, 0, 2, 4] {
        var positions = [UInt32](repeating: .max, count: count)
        var target = positions.mutableSpan
        let found = RowKernels(set).positions(
          of: values.span, atLeast: threshold, into: &target)
        let expected = values.indices.filter { values[$0] >= threshold }.map(UInt32.init)
        #expect(Array(positions.prefix(found)) == expected)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `the checksum is CRC-32C`(set: InstructionSet) {
    // RFC 3720, appendix B.4, and the check value of the catalogue.
    let kernels = RowKernels(set)
    #expect(kernels.checksum(of: Array("123456789".utf8).span) == 0xE306_9283)
    #expect(kernels.checksum(of: [UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
    #expect(kernels.checksum(of: [UInt8](repeating: 0xFF, count: 32).span) == 0x62A8_AB43)
    #expect(kernels.checksum(of: Array(UInt8(0)...31).span) == 0x46DD_794E)
    let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = kernels.checksum(of: bytes.span)
    for cut in 0...100 {
      let first = kernels.checksum(of: bytes.span.extracting(0..<cut))
      let both = kernels.checksum(
        of: bytes.span.extracting(cut..<100), continuing: first)
      #expect(both == whole)
    }
  }

  @Test func `a squared norm is finite exactly when every element is`() {
    let huge: [Float] = [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    let infinite: [Float] = [1, .infinity]
    let undefined: [Float] = [1, .nan, 2]
    #expect(RowKernels.squaredNorm(huge.span).isFinite)
    #expect(!RowKernels.squaredNorm(infinite.span).isFinite)
    #expect(!RowKernels.squaredNorm(undefined.span).isFinite)
    let three: [Float] = [3, 4, 12]
    #expect(RowKernels.squaredNorm(three.span) == 169)
  }
}
