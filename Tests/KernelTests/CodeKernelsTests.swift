import TestSupport
import Testing
import VectorKernels

/// Rows as codes and as they are.
private struct CodedRows {
  let dimension: Int
  let rows: [[Float]]
  let storage: CodeStorage

  init(_ rows: [[Float]], dimension: Int) {
    self.dimension = dimension
    self.rows = rows
    storage = CodeStorage(CodeLayout(dimension: dimension), capacity: rows.count)
    for (position, row) in rows.enumerated() { storage.encode(row.span, at: position) }
  }

  var blocks: Range<Int> { 0..<CodeLayout.blocks(ofRows: rows.count) }

  func bounds(
    _ set: InstructionSet, _ query: CodeQuery, live: [UInt16], isFine: Bool
  ) -> (lowers: [Float], uppers: [Float]) {
    let room = [Float](repeating: 7, count: blocks.count * CodeLayout.lanes)
    var (lowers, uppers) = (room, room)
    storage.withBlocks(blocks) { codes in
      var low = lowers.mutableSpan
      var high = uppers.mutableSpan
      CodeKernels(set).bounds(
        of: query, in: codes, live: live.span, lowers: &low, uppers: &high, isFine: isFine)
    }
    return (lowers, uppers)
  }

  /// The code, scale, error and norm of a row.
  func code(_ row: Int) -> (code: [Int], scale: Double, error: Double, norm: Double) {
    var block: [UInt8] = []
    storage.withBlocks((row / 16)..<(row / 16 + 1)) { bytes in
      for i in bytes.indices { block.append(bytes[i]) }
    }
    func factor(_ number: Int) -> Double {
      let start = block.count - 192 + 64 * number + 4 * (row % 16)
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(block[start + $1]) << UInt32(8 * $1) }
      return Double(Float(bitPattern: bits))
    }
    let code = (0..<dimension).map { Int(block[$0 / 4 * 64 + row % 16 * 4 + $0 % 4]) - 128 }
    return (code, factor(0), factor(1), factor(2))
  }

  /// What the code of a row leaves of it.
  func rest(_ row: Int) -> [Double] {
    let coded = code(row)
    return zip(rows[row], coded.code).map { Double($0) - coded.scale * Double($1) }
  }

  func canonical(_ row: Int, _ query: [Float], euclidean: Bool) -> Float {
    let vector = rows[row]
    var score: [Float] = [0]
    var target = score.mutableSpan
    if euclidean {
      RowKernels(.scalar).squaredDistances(of: query.span, with: vector.span, into: &target)
      return -score[0]
    }
    RowKernels(.scalar).innerProducts(of: query.span, with: vector.span, into: &target)
    return score[0]
  }
}

private func norm(_ vector: [Double]) -> Double {
  vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
}

/// Vectors on which bounds could break: of every length, of few elements, constant, tiny, zero.
private func vector(_ dimension: Int, _ generator: inout SeededGenerator) -> [Float] {
  switch Int.random(in: 0..<9, using: &generator) {
  case 0: return [Float](repeating: 0, count: dimension)
  case 1: return [Float](repeating: Float.random(in: -2...2, using: &generator), count: dimension)
  case 2:
    var sparse = [Float](repeating: 0, count: dimension)
    sparse[Int.random(in: 0..<dimension, using: &generator)] = -3
    return sparse
  case 3:
    return (0..<dimension).map { _ in Float(Int.random(in: -127...127, using: &generator)) }
  case 4:
    let exponent = Int.random(in: -149...40, using: &generator)
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    return generator.vector(dimension).map { $0 * scale }
  case 5:
    // As long as a vector may be.
    let long = generator.vector(dimension)
    let scale = 0.999e15 / RowKernels.squaredNorm(long.span).squareRoot()
    return long.map { Float(Double($0) * scale) }
  case 6: return generator.vector(dimension).map { abs($0) }
  default: return generator.vector(dimension)
  }
}

@Suite struct CodeKernelsTests {
  @Test(arguments: InstructionSet.available)
  func `every set has the bounds of the scalar oracle, bit for bit`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 11)
    for dimension in Array(1...130) + [256, 384, 1000] {
      for count in [1, 15, 16, 17, 40] {
        let rows = CodedRows(
          (0..<count).map { _ in vector(dimension, &generator) }, dimension: dimension)
        let live = rows.blocks.map { _ in
          [0, 0xFFFF, UInt16.random(in: 0...UInt16.max, using: &generator)]
            .randomElement(using: &generator)!
        }
        for euclidean in [false, true] {
          let query = CodeQuery(
            vector(dimension, &generator).span, euclidean: euclidean, set)
          for isFine in [false, true] {
            let expected = rows.bounds(.scalar, query, live: live, isFine: isFine)
            let found = rows.bounds(set, query, live: live, isFine: isFine)
            for row in expected.lowers.indices {
              let isLive = live[row / 16] >> UInt16(row % 16) & 1 == 1
              #expect(found.lowers[row].isNaN == !isLive && found.uppers[row].isNaN == !isLive)
              guard isLive else { continue }
              #expect(
                found.lowers[row] == expected.lowers[row]
                  && found.uppers[row] == expected.uppers[row],
                "dimension \(dimension), row \(row) of \(count), \(isFine)")
            }
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `a tile finds the rows whose upper bound by one plane reaches the threshold`(
    set: InstructionSet
  ) {
    var generator = SeededGenerator(seed: 15)
    for dimension in Array(1...70) + [384] {
      let rows = CodedRows(
        (0..<50).map { _ in generator.vector(dimension) }, dimension: dimension)
      for count in 1...CodeTile.largestCount {
        let euclidean = count % 2 == 0
        let queries = (0..<count).map { _ in
          CodeQuery(generator.vector(dimension).span, euclidean: euclidean, set)
        }
        var expected: [String] = []
        var thresholds: [Float] = []
        for query in queries {
          let uppers = rows.bounds(
            .scalar, query, live: rows.blocks.map { _ in 0xFFFF }, isFine: false
          ).uppers
          // That of some row, so that equality is met as well.
          thresholds.append(uppers.randomElement(using: &generator)!)
          for block in rows.blocks {
            let lanes = (0..<16).filter { uppers[16 * block + $0] >= thresholds.last! }
            let bits = lanes.reduce(0) { $0 | 1 << $1 }
            if bits != 0 { expected.append("\(block) \(thresholds.count - 1) \(bits)") }
          }
        }
        let tile = CodeTile(queries[...], CodeKernels(set))
        var found: [String] = []
        rows.storage.withBlocks(rows.blocks) { codes in
          for hit in tile.look(at: codes, thresholds: thresholds.span) {
            found.append("\(hit.block) \(hit.query) \(hit.lanes)")
          }
        }
        #expect(found.sorted() == expected.sorted(), "dimension \(dimension), \(count) queries")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `what another look has found is narrowed to what this one finds as well`(
    set: InstructionSet
  ) {
    var generator = SeededGenerator(seed: 16)
    func lanes(_ hits: [CodeTile.Hit]) -> [[Int]: UInt16] {
      Dictionary(uniqueKeysWithValues: hits.map { ([$0.block, $0.query], $0.lanes) })
    }
    for dimension in [1, 5, 32, 33, 100, 384] {
      let coded = (0..<2).map { _ in
        CodedRows((0..<150).map { _ in generator.vector(dimension) }, dimension: dimension)
      }
      for count in 1...CodeTile.largestCount {
        let queries = (0..<count).map { _ in
          CodeQuery(generator.vector(dimension).span, euclidean: count % 2 == 0, set)
        }
        let thresholds = queries.map { query in
          coded[1].bounds(
            .scalar, query, live: coded[1].blocks.map { _ in 0xFFFF }, isFine: false
          ).uppers.sorted()[120]
        }
        let tile = CodeTile(queries[...], CodeKernels(set))
        var found = coded.map { rows in
          rows.storage.withBlocks(rows.blocks) { tile.look(at: $0, thresholds: thresholds.span) }
        }
        let (first, second) = (lanes(found[0]), lanes(found[1]))
        coded[1].storage.withBlocks(coded[1].blocks) { codes in
          tile.narrow(&found[0], in: codes, thresholds: thresholds.span)
        }
        let both = first.merging(second) { $0 & $1 }.filter {
          first[$0.key] != nil && second[$0.key] != nil && $0.value != 0
        }
        #expect(lanes(found[0]) == both, "dimension \(dimension), \(count) queries")
        #expect(found[0].count == both.count)
      }
    }
  }

  @Test func `a code says how far it is from its row`() {
    var generator = SeededGenerator(seed: 12)
    for dimension in Array(1...130) + [384, 3072] {
      let rows = CodedRows(
        (0..<20).map { _ in vector(dimension, &generator) }, dimension: dimension)
      for row in rows.rows.indices {
        let coded = rows.code(row)
        let length = norm(rows.rows[row].map(Double.init))
        #expect(coded.code.allSatisfy { abs($0) <= 127 })
        #expect(norm(rows.rest(row)) <= coded.error)
        #expect(length <= coded.norm && coded.norm <= length * (1 + 0x1p-22) + 0x1p-148)
        let ofCode = coded.scale * norm(coded.code.map(Double.init))
        #expect(ofCode <= coded.norm * (1 + 0x1p-19))
        // 127 steps to the largest element: half a step for each dimension.
        let largest = Double(rows.rows[row].map(abs).max() ?? 0)
        if length > 1e-20 {
          #expect(coded.error <= largest / 254 * Double(dimension).squareRoot() * 1.001)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func `the canonical score of a row always lies between its bounds`(
    set: InstructionSet, euclidean: Bool
  ) {
    var generator = SeededGenerator(seed: 13)
    var widest = 0.0
    for dimension in Array(1...130) + [384, 768, 1536] {
      let rows = CodedRows(
        (0..<32).map { _ in vector(dimension, &generator) }, dimension: dimension)
      var queries = (0..<4).map { _ in vector(dimension, &generator) }
      // The worst that a query can do: point where the code of a row is wrong.
      for row in [0, 5, 9, 31] {
        queries.append(rows.rest(row).map { Float($0) })
        queries.append(zip(rows.rest(row), rows.rows[row]).map { Float(-$0) + $1 })
      }
      for query in queries where RowKernels.squaredNorm(query.span) <= 1e30 {
        let code = CodeQuery(query.span, euclidean: euclidean, set)
        for isFine in [false, true] {
          let found = rows.bounds(set, code, live: [0xFFFF, 0xFFFF], isFine: isFine)
          for row in rows.rows.indices {
            let score = rows.canonical(row, query, euclidean: euclidean)
            #expect(
              found.lowers[row] <= score && score <= found.uppers[row],
              "dimension \(dimension), row \(row), \(isFine)")
            let middle = (Double(found.lowers[row]) + Double(found.uppers[row])) / 2
            let margin = (Double(found.uppers[row]) - Double(found.lowers[row])) / 2
            if isFine, margin > 0 { widest = max(widest, abs(Double(score) - middle) / margin) }
          }
        }
      }
    }
    // The bound is as good as it can be: some score comes within a hundredth of it. So this test
    // fails when any of its parts is made smaller by so much.
    #expect(widest > 0.99)
  }

  @Test(arguments: InstructionSet.available)
  func `two planes of a query make narrower bounds than one`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 14)
    let rows = CodedRows((0..<16).map { _ in generator.vector(384) }, dimension: 384)
    let query = CodeQuery(generator.vector(384).span, euclidean: false, set)
    let coarse = rows.bounds(set, query, live: [0xFFFF], isFine: false)
    let fine = rows.bounds(set, query, live: [0xFFFF], isFine: true)
    for row in 0..<16 {
      let wide = coarse.uppers[row] - coarse.lowers[row]
      let narrow = fine.uppers[row] - fine.lowers[row]
      #expect(narrow < 0.6 * wide)
      #expect(coarse.lowers[row] < fine.lowers[row] && fine.uppers[row] < coarse.uppers[row])
    }
  }
  @Test(arguments: InstructionSet.available)
  func `planes of whole bytes make narrower bounds than small ones`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 16)
    let rows = CodedRows((0..<16).map { _ in generator.vector(384) }, dimension: 384)
    let vector = generator.vector(384)
    let widths = [InstructionSet.scalar, set].map { set in
      let query = CodeQuery(vector.span, euclidean: false, set)
      let found = rows.bounds(set, query, live: [0xFFFF], isFine: false)
      return zip(found.lowers, found.uppers).map { $1 - $0 }
    }
    for (whole, own) in zip(widths[0], widths[1]) {
      #expect(set.takesWholeBytes ? whole == own : whole < 0.6 * own)
    }
  }
}
