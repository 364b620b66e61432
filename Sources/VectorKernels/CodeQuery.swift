internal import CVectorKernels

/// A query in the form in which codes are compared with it.
///
/// Two planes of small integers stand for it, one finer than the other: q = s·h + t·l + d. With the
/// code c of a row x = a·c + e, the inner product is
///
///     ⟨x,q⟩ = a·(s⟨c,h⟩ + t⟨c,l⟩) + a⟨c,d⟩ + ⟨e,q⟩,
///
/// where the two brackets are integers and the rest is at most ‖a·c‖‖d‖ + ‖e‖‖q‖. What is stored and
/// computed here widens that by every rounding on the way, so that the canonical score of a row lies
/// between its bounds, always. The proof is in the article *ExactFromInt8*.
package struct CodeQuery: Sendable {
  /// What the bounds of a row are made of; see `vk_code_query`.
  private struct Factors {
    var constant: Float
    var normWeight: Float
    var error: Float
    var norm: Float
    var square: Float
    var slack: Float
  }

  let layout: CodeLayout
  /// Whether only some instruction sets can multiply codes with its planes.
  private let hasWholeBytes: Bool
  private let high: [Int8]
  private let low: [Int8]
  private let highScale: Float
  private let lowScale: Float
  private let highSum: Int32
  private let lowSum: Int32
  /// With both planes, and with the first alone.
  private let fine: Factors
  private let coarse: Factors

  /// Prepares a query.
  ///
  /// - Parameters:
  ///   - query: as it is compared with rows; its squared norm is at most 1e30.
  ///   - euclidean: whether scores are minus squared distances, not inner products.
  ///   - instructionSet: where it will be compared with codes. Some sets take finer planes.
  package init(
    _ query: Span<Float>, euclidean: Bool, for instructionSet: InstructionSet = .detected
  ) {
    hasWholeBytes = instructionSet.takesWholeBytes
    layout = CodeLayout(dimension: query.count)
    var rest = [Float](repeating: 0, count: query.count)
    var finest = rest
    let first = Self.plane(of: query, layout, rest: &rest, for: instructionSet)
    let second = Self.plane(
      of: rest.span, layout, rest: &finest, for: instructionSet)
    (high, highSum) = (first.plane, first.sum)
    (low, lowSum) = (second.plane, second.sum)
    let factor: Float = euclidean ? 2 : 1
    highScale = factor * first.scale
    lowScale = factor * second.scale
    // The rests are rounded: each by half a unit in its last place, or of the smallest number.
    let tiny = 0x1p-140
    let norm = RowKernels.squaredNorm(query).squareRoot() * (1 + 1e-10)
    let left = RowKernels.squaredNorm(rest.span).squareRoot() * (1 + 0x1p-20) + tiny
    let finestLeft =
      (RowKernels.squaredNorm(finest.span).squareRoot() + 0x1p-22 * left) * (1 + 0x1p-20) + tiny
    coarse = Self.factors(query.count, euclidean, norm: norm, first: left, rest: left)
    fine = Self.factors(query.count, euclidean, norm: norm, first: left, rest: finestLeft)
  }

  private static func plane(
    of vector: Span<Float>, _ layout: CodeLayout, rest: inout [Float],
    for instructionSet: InstructionSet
  ) -> (plane: [Int8], scale: Float, sum: Int32) {
    var plane = [Int8](repeating: 0, count: layout.groups * 4)
    var scale: Float = 0
    unsafe vector.withUnsafeBufferPointer { vector in
      unsafe plane.withUnsafeMutableBufferPointer { plane in
        unsafe rest.withUnsafeMutableBufferPointer { rest in
          guard let vector = vector.baseAddress, let plane = plane.baseAddress,
            let rest = rest.baseAddress
          else { return }
          scale = unsafe vk_code_plane(
            instructionSet.code, vector, layout.dimension, plane, rest)
        }
      }
    }
    return (plane, scale, plane.reduce(0) { $0 + Int32($1) })
  }

  /// The factors of a query of length `norm` whose planes leave `rest`, the first one `first`.
  private static func factors(
    _ dimension: Int, _ euclidean: Bool, norm: Double, first: Double, rest: Double
  ) -> Factors {
    let unit = 0x1p-24
    // The canonical score: ⌈d/16⌉ additions in a lane, four of the tree, two for a difference.
    let canonical = Double((dimension + 15) / 16 + 8) * unit * 1.01
    let planes = rest * (1 + 0x1p-17) + 16 * unit * (norm + 2 * first + rest)
    let square = euclidean ? 2 * canonical + 32 * unit : 0
    let ofNorm = euclidean ? 2 * planes : planes + canonical * norm
    let underflow = Double(dimension + 64) * 0x1p-148
    // The margin's own roundings.
    let wider = 1 + 16 * unit
    return Factors(
      constant: euclidean ? Float(-norm * norm) : 0, normWeight: euclidean ? 1 : 0,
      error: upwards((euclidean ? 2 : 1) * norm * wider), norm: upwards(ofNorm * wider),
      square: upwards(square * wider), slack: upwards((square * norm * norm + underflow) * wider))
  }

  private static func upwards(_ value: Double) -> Float {
    let rounded = Float(value)
    return Double(rounded) < value ? rounded.nextUp : rounded
  }

  /// Whether kernels of the instruction set can compare it with codes.
  func suits(_ instructionSet: InstructionSet) -> Bool {
    !hasWholeBytes || instructionSet.takesWholeBytes
  }

  /// Lends the query to a kernel.
  @inline(__always)
  func withCode<R>(isFine: Bool, _ body: (vk_code_query) -> R) -> R {
    unsafe high.withUnsafeBufferPointer { high in
      unsafe low.withUnsafeBufferPointer { low in
        let factors = isFine ? fine : coarse
        let query = unsafe vk_code_query(
          high: high.baseAddress, low: isFine ? low.baseAddress : nil, high_scale: highScale,
          low_scale: lowScale, high_sum: highSum, low_sum: lowSum, constant: factors.constant,
          norm_weight: factors.normWeight, error_factor: factors.error, norm_factor: factors.norm,
          square_factor: factors.square, slack: factors.slack)
        return unsafe body(query)
      }
    }
  }
}
