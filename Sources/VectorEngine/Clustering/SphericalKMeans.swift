internal import VectorKernels

/// Groups vectors by direction: I. Dhillon and D. Modha, "Concept Decompositions for Large Sparse
/// Text Data Using Clustering", Machine Learning 42, 2001, seeded as D. Arthur and S. Vassilvitskii
/// proposed, "k-means++: The Advantages of Careful Seeding", SODA 2007.
package struct SphericalKMeans: Sendable {
  /// For each row the group it belongs to, from 0.
  package let assignment: [Int]
  /// For each row the inner product with its group's mean direction.
  package let similarities: [Float]
  /// How many rows each group has; the largest first, none empty.
  package let sizes: [Int]

  /// The groups of some rows; the same for the same rows and seed.
  ///
  /// - Parameters:
  ///   - rows: `n × dimension`, each of length one or zero.
  ///   - count: how many groups at most; there are fewer when there are fewer directions.
  /// - Complexity: O(n × `count` × `dimension`) for each of at most `rounds`.
  package init(
    _ rows: [Float], dimension: Int, count: Int, seed: UInt64 = 1, rounds: Int = 20
  ) {
    precondition(dimension > 0 && rows.count.isMultiple(of: dimension), "rows of one dimension")
    precondition(count > 0 && rounds > 0, "at least one group and one round")
    var work = Work(rows: rows, dimension: dimension, seed: seed)
    work.chooseCentres(count)
    for _ in 0..<rounds where work.rowCount > 0 {
      guard work.assign() else { break }
      work.moveCentres()
    }
    (assignment, similarities, sizes) = work.result()
  }

  private struct Work {
    let rows: [Float]
    let dimension: Int
    let rowCount: Int
    var random: SplitMix
    /// `groups × dimension`.
    var centres: [Float] = []
    var assignment: [Int]
    var similarities: [Float]

    init(rows: [Float], dimension: Int, seed: UInt64) {
      self.rows = rows
      self.dimension = dimension
      rowCount = rows.count / dimension
      random = SplitMix(state: seed)
      assignment = Array(repeating: -1, count: rowCount)
      similarities = Array(repeating: 0, count: rowCount)
    }

    private var groupCount: Int { centres.count / dimension }

    // MARK: Seeding

    /// Each further centre is a row drawn by how far it is from those there are.
    mutating func chooseCentres(_ count: Int) {
      guard rowCount > 0 else { return }
      var distances = [Double](repeating: 1, count: rowCount)
      while groupCount < min(count, rowCount), let row = draw(by: distances) {
        let centre = rows[row * dimension..<(row + 1) * dimension]
        centres.append(contentsOf: centre)
        distances[row] = 0
        let products = products(with: Array(centre), count: 1)
        for other in 0..<rowCount {
          // Rounding leaves equal rows a little apart.
          let distance = 1 - Double(products[other])
          distances[other] = min(distances[other], distance < 1e-5 ? 0 : distance)
        }
      }
    }

    private mutating func draw(by distances: [Double]) -> Int? {
      let total = distances.reduce(0, +)
      guard total > 0 else { return nil }
      var rest = random.fraction() * total
      for (row, distance) in distances.enumerated() where distance > 0 {
        rest -= distance
        if rest < 0 { return row }
      }
      return distances.lastIndex { $0 > 0 }
    }

    // MARK: Rounds

    /// Puts each row to the nearest centre; false when none has moved.
    mutating func assign() -> Bool {
      let count = groupCount
      let products = products(with: centres, count: count)
      var moved = false
      for row in 0..<rowCount {
        var best = 0
        for group in 1..<max(1, count)
        where products[row * count + group] > products[row * count + best] {
          best = group
        }
        moved = moved || assignment[row] != best
        assignment[row] = best
        similarities[row] = products[row * count + best]
      }
      return moved
    }

    /// Moves each centre to the mean direction of its rows; one without rows stays.
    mutating func moveCentres() {
      var sums = [Double](repeating: 0, count: centres.count)
      for row in 0..<rowCount {
        let from = row * dimension
        let to = assignment[row] * dimension
        for element in 0..<dimension { sums[to + element] += Double(rows[from + element]) }
      }
      for group in 0..<groupCount {
        let range = group * dimension..<(group + 1) * dimension
        let length = sums[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { continue }
        for element in range { centres[element] = Float(sums[element] / length) }
      }
    }

    /// `rows × count` inner products.
    private func products(with centres: [Float], count: Int) -> [Float] {
      var products = [Float](repeating: 0, count: rowCount * count)
      var output = products.mutableSpan
      MatrixProduct.multiply(
        rows.span, transposing: centres.span, into: &output, m: rowCount, n: count, k: dimension)
      return products
    }

    /// Groups by size; of equals the one whose first row comes first.
    func result() -> ([Int], [Float], [Int]) {
      var sizes = [Int](repeating: 0, count: max(1, groupCount))
      var firsts = [Int](repeating: .max, count: sizes.count)
      for (row, group) in assignment.enumerated() {
        sizes[group] += 1
        firsts[group] = min(firsts[group], row)
      }
      let order = sizes.indices.filter { sizes[$0] > 0 }.sorted {
        sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : firsts[$0] < firsts[$1]
      }
      var numbers = [Int](repeating: 0, count: sizes.count)
      for (number, group) in order.enumerated() { numbers[group] = number }
      return (assignment.map { numbers[$0] }, similarities, order.map { sizes[$0] })
    }
  }
}

/// G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
private struct SplitMix {
  var state: UInt64

  /// From 0 up to, not including, 1.
  mutating func fraction() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((bits ^ (bits >> 31)) >> 11) * 0x1p-53
  }
}
