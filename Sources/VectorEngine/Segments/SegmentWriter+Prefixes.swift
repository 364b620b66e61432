internal import VectorKernels

/// The prefixes of a segment: whether it has any, and their bytes.
extension SegmentWriter {
  /// Below this many rows a search has read their codes before prefixes would pay.
  static let fewestRowsForPrefixes = 32_768
  /// What the directions must see of the sample's squared length, at least: with less, hardly a block
  /// can be passed over.
  private static let smallestShare = 0.75
  private static let rowsOfSample = 8192
  /// Rows of one product with the directions.
  private static let rowsOfProduct = 512

  /// The directions for the rows; nil when there are few rows, or no directions that see enough.
  func findDirections() throws(EngineError) -> [Float]? {
    let dimension = configuration.dimension
    let count = PrefixCodes.directions(of: dimension)
    guard rowCount >= Self.fewestRowsForPrefixes, count > 0 else { return nil }
    let sample = try sample()
    guard let basis = PrincipalDirections.find(count, of: sample, dimension: dimension) else {
      return nil
    }
    let rows = sample.count / dimension
    var seen = [Float](repeating: 0, count: rows * count)
    var target = seen.mutableSpan
    MatrixProduct.multiply(
      sample.span, transposing: basis.span, into: &target, m: rows, n: count, k: dimension)
    let share = RowKernels.squaredNorm(seen.span) / RowKernels.squaredNorm(sample.span)
    return share >= Self.smallestShare ? basis : nil
  }

  /// Rows from all parts of the segment, each of length one, so that long ones do not decide alone.
  private func sample() throws(EngineError) -> [Float] {
    let step = max(1, rowCount / Self.rowsOfSample)
    var sample: [Float] = []
    var number = 0
    var pacer = ReadingPacer()
    for stretch in stretches {
      for row in stretch.rows {
        defer { number += 1 }
        guard number % step == 0 else { continue }
        pacer.note(step, of: stretch.source)
        try stretch.source.withVectors(row..<(row + 1)) { vector in
          let norm = RowKernels.squaredNorm(vector).squareRoot()
          if norm > 0 { RowKernels.divide(vector, by: norm, into: &sample) }
        }
      }
    }
    pacer.finish()
    return sample
  }

  /// Writes the blocks and returns the largest error of a code, as a share of its row's norm.
  func writePrefixes(
    _ basis: [Float], _ output: inout ChecksummedOutput
  ) throws(EngineError) -> Float {
    let dimension = configuration.dimension
    let directions = basis.count / dimension
    let layout = CodeLayout(dimension: directions)
    var block = [UInt8](repeating: 0, count: layout.blockLength)
    var lane = 0
    var largestError: Float = 0
    var seen = [Float](repeating: 0, count: Self.rowsOfProduct * directions)
    var pacer = ReadingPacer()
    for stretch in stretches {
      for start in stride(
        from: stretch.rows.lowerBound, to: stretch.rows.upperBound, by: Self.rowsOfProduct)
      {
        let rows = start..<min(start + Self.rowsOfProduct, stretch.rows.upperBound)
        pacer.note(rows.count, of: stretch.source)
        try stretch.source.withVectors(rows) { vectors throws(EngineError) in
          var target = seen.mutableSpan
          MatrixProduct.multiply(
            vectors, transposing: basis.span, into: &target, m: rows.count, n: directions,
            k: dimension)
          for i in 0..<rows.count {
            var room = block.mutableSpan
            let error = PrefixCodes.encode(
              seen.span.extracting((i * directions)..<((i + 1) * directions)),
              of: vectors.extracting((i * dimension)..<((i + 1) * dimension)), layout, lane: lane,
              into: &room)
            largestError = max(largestError, error)
            lane += 1
            guard lane == CodeLayout.lanes else { continue }
            try output.write(block.span)
            block = [UInt8](repeating: 0, count: layout.blockLength)
            lane = 0
          }
        }
      }
    }
    pacer.finish()
    if lane > 0 { try output.write(block.span) }
    return largestError
  }
}
