/// Codes of what a few principal directions see of rows: half the bytes, for a first look at many.
///
/// With ‖Bx‖ ≤ ‖x‖ for every x, M = 1 − BᵀB has no negative eigenvalue, so by Cauchy and Schwarz
///
///     ⟨x,q⟩ = ⟨Bx,Bq⟩ + ⟨x,Mq⟩,   |⟨x,Mq⟩| ≤ √(‖x‖² − ‖Bx‖²) · √(‖q‖² − ‖Bq‖²).
///
/// The blocks are those of ``CodeLayout`` for Bx, but for two factors: in the place of the error is
/// the first of these roots, the *tail*, and the norm is that of x. The code's error is known for all
/// rows together, as the largest share of the norm.
package struct PrefixCodes: Sendable {
  /// The directions.
  package let layout: CodeLayout
  /// The dimension of the rows.
  package let dimension: Int
  /// No row's code is further from Bx than this share of the row's norm.
  package let largestError: Float

  package init(directions: Int, dimension: Int, largestError: Float) {
    layout = CodeLayout(dimension: directions)
    self.dimension = dimension
    self.largestError = largestError
  }

  /// How many directions are taken of so many dimensions, and 0 where it is not worth it.
  package static func directions(of dimension: Int) -> Int {
    (128...1024).contains(dimension) ? dimension * 5 / 12 / 32 * 32 : 0
  }

  /// How far a computed Bx may be from the exact one, as a share of ‖x‖: every element is a sum of
  /// `dimension` products, in whatever order, and the rows of B are no longer than 1.
  private static func rounding(_ dimension: Int, _ directions: Int) -> Double {
    let terms = Double(dimension + 2) * 0x1p-24
    return terms / (1 - terms) * Double(directions).squareRoot() * (1 + 1e-6)
  }

  /// What the smallest numbers can add to that.
  static let underflow = 0x1p-132

  /// The length of what the directions do not see, at most.
  private static func tail(squaredNorm: Double, seen: Double, rounding: Double) -> Double {
    let surely = max(0, seen.squareRoot() - rounding * squaredNorm.squareRoot() - underflow)
    return max(0, squaredNorm * (1 + 1e-9) - surely * surely).squareRoot() * (1 + 1e-9)
  }

  /// Writes the code of a row into a lane of a block.
  ///
  /// - Parameters:
  ///   - seen: Bx.
  ///   - row: x.
  /// - Returns: the code's error, as a share of the row's norm.
  package static func encode(
    _ seen: Span<Float>, of row: Span<Float>, _ layout: CodeLayout, lane: Int,
    into block: inout MutableSpan<UInt8>
  ) -> Float {
    layout.encode(seen, lane: lane, of: &block)
    let squaredNorm = RowKernels.squaredNorm(row)
    let tail = tail(
      squaredNorm: squaredNorm, seen: RowKernels.squaredNorm(seen),
      rounding: rounding(row.count, seen.count))
    let norm = (squaredNorm * (1 + 1e-9)).squareRoot()
    let error = layout.factor(.error, lane: lane, of: block)
    layout.put(upwards(tail), .error, lane: lane, of: &block)
    layout.put(upwards(norm), .norm, lane: lane, of: &block)
    return norm > 0 ? upwards(Double(error) / norm) : 0
  }

  /// Prepares a query.
  ///
  /// - Parameters:
  ///   - query: q.
  ///   - basis: B.
  package func code(
    of query: Span<Float>, basis: Span<Float>, euclidean: Bool
  ) -> CodeQuery {
    var seen = [Float](repeating: 0, count: layout.dimension)
    var target = seen.mutableSpan
    RowKernels().innerProducts(of: query, with: basis, into: &target)
    let rounding = Self.rounding(dimension, layout.dimension)
    let squaredNorm = RowKernels.squaredNorm(query)
    let tail = Self.tail(
      squaredNorm: squaredNorm, seen: RowKernels.squaredNorm(seen.span), rounding: rounding)
    return CodeQuery(
      prefix: seen.span, squaredNorm: squaredNorm, tail: tail, dimension: dimension,
      largestError: Double(largestError), rounding: rounding, euclidean: euclidean)
  }

  static func upwards(_ value: Double) -> Float {
    let rounded = Float(value)
    return Double(rounded) < value ? rounded.nextUp : rounded
  }
}

extension CodeLayout {
  enum Factor: Int { case scale, error, norm }

  private func place(_ factor: Factor, _ lane: Int) -> Int {
    groups * 64 + 4 * (factor.rawValue * Self.lanes + lane)
  }

  func factor(_ factor: Factor, lane: Int, of block: borrowing MutableSpan<UInt8>) -> Float {
    let start = place(factor, lane)
    var bits: UInt32 = 0
    for i in 0..<4 { bits |= UInt32(block[start + i]) << UInt32(8 * i) }
    return Float(bitPattern: bits)
  }

  func put(_ value: Float, _ factor: Factor, lane: Int, of block: inout MutableSpan<UInt8>) {
    let start = place(factor, lane)
    for i in 0..<4 {
      block[start + i] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * i))
    }
  }
}
