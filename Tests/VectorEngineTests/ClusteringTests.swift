import TestSupport
import Testing
import VectorEngine

@Suite struct ClusteringTests {
  /// Rows around a few directions that have nothing in common, in no order.
  private static func rows(
    _ groups: Int, _ count: Int, dimension: Int, spread: Float, seed: UInt64
  ) -> (rows: [Float], truth: [Int]) {
    var random = SeededGenerator(seed: seed)
    var rows: [Float] = []
    let truth = (0..<count).map { _ in Int.random(in: 0..<groups, using: &random) }
    for group in truth {
      var row = (0..<dimension).map { _ in Float.random(in: -spread...spread, using: &random) }
      row[group] += 1
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rows += row.map { $0 / length }
    }
    return (rows, truth)
  }

  @Test func `groups that are apart are found as they are`() {
    for seed in UInt64(1)...5 {
      let (rows, truth) = Self.rows(7, 900, dimension: 32, spread: 0.08, seed: seed)
      let found = SphericalKMeans(rows, dimension: 32, count: 7, seed: seed)
      #expect(found.sizes.count == 7 && found.sizes == found.sizes.sorted(by: >))
      let pairs = Set(zip(truth, found.assignment).map { $0.0 * 100 + $0.1 })
      #expect(pairs.count == 7, "a group is one of the truth's and the other way round")
    }
  }

  @Test func `every row is with the nearest mean of its group or as near as rounds allow`() {
    let (rows, _) = Self.rows(3, 400, dimension: 16, spread: 0.9, seed: 9)
    let found = SphericalKMeans(rows, dimension: 16, count: 10, rounds: 200)
    #expect(found.sizes.reduce(0, +) == 400 && found.sizes.allSatisfy { $0 > 0 })
    var means = [[Double]](
      repeating: Array(repeating: 0, count: 16), count: found.sizes.count)
    for (row, group) in found.assignment.enumerated() {
      for element in 0..<16 { means[group][element] += Double(rows[row * 16 + element]) }
    }
    means = means.map { mean in
      let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return mean.map { $0 / length }
    }
    for (row, group) in found.assignment.enumerated() {
      let products = means.map { mean in
        (0..<16).reduce(0) { $0 + Double(rows[row * 16 + $1]) * mean[$1] }
      }
      #expect(products.allSatisfy { $0 <= products[group] + 1e-4 })
    }
  }

  @Test func `the same rows give the same groups, and few rows no more groups than they are`() {
    let (rows, _) = Self.rows(4, 100, dimension: 8, spread: 0.5, seed: 3)
    let first = SphericalKMeans(rows, dimension: 8, count: 5)
    let second = SphericalKMeans(rows, dimension: 8, count: 5)
    #expect(first.assignment == second.assignment)
    #expect(SphericalKMeans([], dimension: 8, count: 5).sizes.isEmpty)
    let same = Array(repeating: Array(rows[0..<8]), count: 6).flatMap { $0 }
    let one = SphericalKMeans(same, dimension: 8, count: 5)
    #expect(one.sizes == [6] && one.assignment == Array(repeating: 0, count: 6))
  }
}
