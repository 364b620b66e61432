import Foundation
import TestSupport
import Testing
import VectorKernels

/// `x` with a rounding error allowed that is relative above 1 and absolute below.
private func near(_ found: Float, _ exact: Double, tolerance: Double) -> Bool {
  abs(Double(found) - exact) <= tolerance * max(1, abs(exact))
}

@Suite struct ActivationsTests {
  @Test(arguments: InstructionSet.available)
  func `a bias is added to every row over all tails`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 1)
    for dimension in 1...70 {
      let bias = generator.vector(dimension)
      let rows = generator.vector(3 * dimension)
      var found = rows
      var target = found.mutableSpan
      Activations(set).addBias(bias.span, to: &target)
      #expect(found == rows.indices.map { rows[$0] + bias[$0 % dimension] })
    }
  }

  @Test(arguments: InstructionSet.available)
  func `gelu is exact to one millionth over its whole range`(set: InstructionSet) {
    let inputs = stride(from: Float(-20), through: 20, by: 0.001).map { $0 }
    var found = inputs
    var target = found.mutableSpan
    let nothing = [Float](repeating: 0, count: inputs.count)
    Activations(set).gelu(&target, adding: nothing.span)
    for (input, output) in zip(inputs, found) {
      let exact = 0.5 * Double(input) * erfc(-Double(input) / 2.0.squareRoot())
      #expect(near(output, exact, tolerance: 5e-7), "gelu(\(input)) = \(output), not \(exact)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `gelu adds the bias first over all tails`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 2)
    for dimension in 1...70 {
      let bias = generator.vector(dimension)
      let rows = generator.vector(2 * dimension).map { $0 * 4 }
      var found = rows
      var target = found.mutableSpan
      Activations(set).gelu(&target, adding: bias.span)
      for position in rows.indices {
        let x = Double(rows[position] + bias[position % dimension])
        #expect(near(found[position], 0.5 * x * erfc(-x / 2.0.squareRoot()), tolerance: 5e-7))
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `softmax equals its formula in Double over all tails`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 3)
    for dimension in 1...130 {
      let rows = generator.vector(3 * dimension).map { $0 * 40 }
      var found = rows
      var target = found.mutableSpan
      Activations(set).softmax(&target, dimension: dimension, scale: 0.25)
      for row in 0..<3 {
        let range = row * dimension..<(row + 1) * dimension
        let powers = rows[range].map { exp(0.25 * Double($0)) }
        let sum = powers.reduce(0, +)
        for (output, power) in zip(found[range], powers) {
          #expect(near(output, power / sum, tolerance: 1e-6))
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `softmax of distant scores neither overflows nor loses the largest`(set: InstructionSet) {
    for dimension in 1...20 {
      var rows = [Float](repeating: -1e30, count: dimension)
      rows[dimension - 1] = 1e30
      var target = rows.mutableSpan
      Activations(set).softmax(&target, dimension: dimension)
      #expect(rows[dimension - 1] == 1)
      #expect(rows.dropLast().allSatisfy { $0 >= 0 && $0 < 1e-30 })
    }
  }

  @Test(arguments: InstructionSet.available)
  func `layer norm equals its formula in Double over all tails`(set: InstructionSet) {
    var generator = SeededGenerator(seed: 4)
    for dimension in 1...130 {
      let bias = generator.vector(dimension)
      let gain = generator.vector(dimension)
      let shift = generator.vector(dimension)
      let rows = generator.vector(3 * dimension)
      var found = rows
      var target = found.mutableSpan
      Activations(set).layerNorm(
        &target, adding: bias.span, gain: gain.span, shift: shift.span, epsilon: 1e-3)
      for row in 0..<3 {
        let sums = (0..<dimension).map { Double(rows[row * dimension + $0]) + Double(bias[$0]) }
        let mean = sums.reduce(0, +) / Double(dimension)
        let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(dimension)
        for column in 0..<dimension {
          let normal = (sums[column] - mean) / (variance + 1e-3).squareRoot()
          let exact = normal * Double(gain[column]) + Double(shift[column])
          #expect(near(found[row * dimension + column], exact, tolerance: 5e-6))
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `what is not a number stays visible`(set: InstructionSet) {
    var rows: [Float] = [.nan, 1, 2, 3, 4, 5, 6, 7, .nan]
    let zeros = [Float](repeating: 0, count: rows.count)
    var target = rows.mutableSpan
    Activations(set).gelu(&target, adding: zeros.span)
    #expect(rows[0].isNaN && rows[8].isNaN && rows[1...7].allSatisfy(\.isFinite))
  }
}
