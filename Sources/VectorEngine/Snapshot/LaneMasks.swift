internal import VectorKernels

/// Which rows of some blocks of codes a search considers: a bit for each lane of each block.
///
/// What lies outside the scope, is deleted or filtered out has no bit, and so no bound: it neither
/// is found nor raises a threshold.
struct LaneMasks {
  /// Blocks that are looked at together: 512 rows.
  static let capacity = 32

  private(set) var masks = InlineArray<32, UInt16>(repeating: 0)
  /// How many rows are considered.
  private(set) var count = 0

  /// Looks at blocks of a run, at most `capacity`.
  mutating func look(
    at blocks: Range<Int>, of run: RowRun, _ options: SearchOptions
  ) throws(EngineError) {
    masks = InlineArray(repeating: 0)
    for block in blocks {
      masks[block - blocks.lowerBound] = Self.inside(run.range, block * CodeLayout.lanes)
    }
    if run.dead.count > 0 {
      for block in blocks {
        masks[block - blocks.lowerBound] &= ~run.dead.sixteen(from: block * CodeLayout.lanes)
      }
    }
    if options.filters { try applyFilters(options, blocks, run) }
    count = 0
    for block in blocks { count += masks[block - blocks.lowerBound].nonzeroBitCount }
  }

  /// The lanes of the block of this row that lie in a range, which reaches into the block.
  private static func inside(_ range: Range<Int>, _ row: Int) -> UInt16 {
    let below = max(0, range.lowerBound - row)
    let above = max(0, row + CodeLayout.lanes - range.upperBound)
    return UInt16.max << UInt16(below) & UInt16.max >> UInt16(above)
  }

  private mutating func applyFilters(
    _ options: SearchOptions, _ blocks: Range<Int>, _ run: RowRun
  ) throws(EngineError) {
    let rows = CodeLayout.rows(blocks).clamped(to: run.range)
    let first = blocks.lowerBound * CodeLayout.lanes
    if let wanted = options.ids {
      try run.source.withIDs(rows) { ids in
        var reader = IDSet.Reader(wanted)
        keep(rows, from: first) { reader.contains(ids[$0 - rows.lowerBound]) }
      }
    }
    if let wanted = options.times {
      try run.source.withTimes(rows) { times in
        keep(rows, from: first) { wanted.contains(times[$0 - rows.lowerBound]) }
      }
    }
  }

  private mutating func keep(_ rows: Range<Int>, from first: Int, where passes: (Int) -> Bool) {
    for row in rows {
      let (block, lane) = (row - first).quotientAndRemainder(dividingBy: CodeLayout.lanes)
      let bit: UInt16 = 1 << UInt16(lane)
      if masks[block] & bit != 0, !passes(row) { masks[block] &= ~bit }
    }
  }

  /// Calls the body for each stretch of rows that are considered, from the first row of the blocks
  /// on.
  func forEachStretch(
    from first: Int, _ body: (Range<Int>) throws(EngineError) -> Void
  ) throws(EngineError) {
    var begin: Int?
    for block in masks.indices {
      let mask = masks[block]
      if mask == UInt16.max, begin != nil { continue }
      if mask == 0, begin == nil { continue }
      for lane in 0..<CodeLayout.lanes {
        let row = first + block * CodeLayout.lanes + lane
        if mask >> UInt16(lane) & 1 == 1 {
          if begin == nil { begin = row }
        } else if let from = begin {
          try body(from..<row)
          begin = nil
        }
      }
    }
    if let from = begin { try body(from..<(first + Self.capacity * CodeLayout.lanes)) }
  }
}
