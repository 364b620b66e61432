internal import Synchronization
internal import VectorKernels

/// Searches through codes: every row's score is bounded from a byte a dimension, and only rows that
/// could be among the best are read in full. Results are those of a scan, bit for bit; the article
/// *ExactFromInt8* has the proof.
extension VectorSnapshot {
  /// Finds the nearest groups of the runs for queries over the same rows.
  ///
  /// A part of the rows, which fits into the second cache, is compared with a tile of queries after
  /// the other, or with the one query. A tile knows its queries by their first planes alone and tells
  /// in which blocks there may be rows that matter; their bounds are then found with both planes.
  /// Before a query has a threshold, it looks at all rows with both.
  ///
  /// - Parameter isTiled: whether queries are compared with rows together.
  func codeSearch(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions,
    _ bounding: BoundedBlock.Bounding, isTiled: Bool, rescored: inout [Int]
  ) throws(EngineError) -> [[Neighbor]] {
    let euclidean = configuration.metric == .squaredEuclidean
    let total = runs.reduce(0) { $0 + $1.range.count }
    var scan = CodeScan(
      queries, isTiled: isTiled,
      queries.map { _ in CandidateRows(count, sharesGroups: sharesGroups, rows: total) },
      euclidean: euclidean)
    let threads = threads(options, queries: queries.count, rows: total)
    if threads > 1 {
      try look(at: runs, options, bounding, threads, &scan)
    } else {
      for (number, run) in runs.enumerated() {
        var block = BoundedBlock(run, number, configuration.metric, bounding)
        try scan.begin(run.source, usesPrefixes: usesPrefixes(run, options))
        try look(at: CodeLayout.blocks(run.range), options, &block, &scan)
      }
    }
    var results: [[Neighbor]] = []
    for (number, query) in queries.enumerated() {
      results.append(
        try rescore(
          query, scan.candidates[number], runs, count: count, rescored: &rescored[number]))
    }
    return results
  }

  /// Rows of a run from which on prefixes are looked at first: what they save must exceed what it
  /// takes to see the queries as the directions do.
  private static let fewestRowsForPrefixes = 16_384

  func usesPrefixes(_ run: RowRun, _ options: SearchOptions) -> Bool {
    switch options.path {
    case .prefixes: true
    case .automatic: run.range.count >= Self.fewestRowsForPrefixes && !options.filters
    case .scan, .codes, .tiles, .gather, .blas: false
    }
  }

  /// Bytes of a part: a quarter of a second-level cache of a megabyte.
  private static let bytesOfPart = 256 << 10

  private func look(
    at blocks: Range<Int>, _ options: SearchOptions, _ block: inout BoundedBlock,
    _ scan: inout CodeScan
  ) throws(EngineError) {
    let length = CodeLayout(dimension: configuration.dimension).blockLength
    let size = max(1, min(LaneMasks.capacity, Self.bytesOfPart / length))
    for start in stride(from: blocks.lowerBound, to: blocks.upperBound, by: size) {
      let part = start..<min(start + size, blocks.upperBound)
      if try block.look(at: part, options) { try scan.offer(&block) }
    }
  }

  // MARK: Threads

  /// What a thread takes at a time: enough to make taking it cheap, little enough to end together.
  private static let blocksOfTask = 8 * LaneMasks.capacity
  /// Comparisons of a row and a query below which threads would take longer to start than they save.
  private static let comparisonsForThread = 50_000

  private func threads(_ options: SearchOptions, queries: Int, rows: Int) -> Int {
    guard options.threads > 1 else { return 1 }
    let (work, overflow) = queries.multipliedReportingOverflow(by: rows)
    return overflow ? options.threads : min(options.threads, work / Self.comparisonsForThread)
  }

  /// Looks at all runs with several threads, the calling one among them.
  private func look(
    at runs: [RowRun], _ options: SearchOptions, _ bounding: BoundedBlock.Bounding,
    _ threads: Int, _ scan: inout CodeScan
  ) throws(EngineError) {
    var tasks: [(run: Int, blocks: Range<Int>)] = []
    for (number, run) in runs.enumerated() {
      let blocks = CodeLayout.blocks(run.range)
      for start in stride(from: blocks.lowerBound, to: blocks.upperBound, by: Self.blocksOfTask) {
        tasks.append((number, start..<min(start + Self.blocksOfTask, blocks.upperBound)))
      }
    }
    let (all, empty) = (tasks, scan)
    let shared = SharedThresholds(scan.candidates.count)
    let next = Atomic(0)
    let found = Mutex<[Result<CodeScan, EngineError>]>([])
    OwnThreads.run(min(threads, tasks.count)) { _ in
      let result = Result { () throws(EngineError) in
        var own = empty
        var current = -1
        while true {
          let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard number < all.count else { return own }
          let task = all[number]
          if task.run != current {
            current = task.run
            let run = runs[task.run]
            try own.begin(run.source, usesPrefixes: usesPrefixes(run, options))
          }
          var block = BoundedBlock(runs[task.run], task.run, configuration.metric, bounding)
          try look(at: task.blocks, options, &block, &own)
          own.exchange(shared)
        }
      }
      found.withLock { $0.append(result) }
    }
    for result in found.withLock({ $0 }) { scan.add(try result.get()) }
  }
}
