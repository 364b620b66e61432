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
  /// The first plane, then the second.
  private let planes: [Int8]
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
    _ query: Span<Float>, euclidean: Bool, _ instructionSet: InstructionSet = .detected
  ) {
    hasWholeBytes = instructionSet.takesWholeBytes
    layout = CodeLayout(dimension: query.count)
    let split = Self.split(query, layout, instructionSet)
    planes = split.planes
    (highSum, lowSum) = (split.first.sum, split.second.sum)
    let factor: Float = euclidean ? 2 : 1
    highScale = factor * split.first.scale
    lowScale = factor * split.second.scale
    // The rests are rounded: each by half a unit in its last place, or of the smallest number.
    let tiny = 0x1p-140
    let norm = RowKernels.squaredNorm(query).squareRoot() * (1 + 1e-10)
    let left = split.first.squaredRest.squareRoot() * (1 + 0x1p-20) + tiny
    let finest =
      (split.second.squaredRest.squareRoot() + 0x1p-22 * left) * (1 + 0x1p-20) + tiny
    coarse = Self.factors(query.count, euclidean, norm: norm, first: left, rest: left)
    fine = Self.factors(query.count, euclidean, norm: norm, first: left, rest: finest)
  }

  /// Prepares a query for codes of what some directions see; see `PrefixCodes`. It has one plane.
  ///
  /// - Parameters:
  ///   - seen: Bq.
  ///   - tail: the length of what of q the directions do not see, at most.
  ///   - largestError: of a code, as a share of its row's norm.
  ///   - rounding: how far a computed Bx may be from the exact one, as a share of ‖x‖.
  init(
    prefix seen: Span<Float>, squaredNorm: Double, tail: Double, dimension: Int,
    largestError: Double, rounding: Double, euclidean: Bool,
    _ instructionSet: InstructionSet = .detected
  ) {
    hasWholeBytes = instructionSet.takesWholeBytes
    layout = CodeLayout(dimension: seen.count)
    let split = Self.split(seen, layout, instructionSet)
    planes = split.planes
    (highSum, lowSum) = (split.first.sum, split.second.sum)
    let factor: Float = euclidean ? 2 : 1
    highScale = factor * split.first.scale
    lowScale = factor * split.second.scale
    let unit = 0x1p-24
    let norm = squaredNorm.squareRoot() * (1 + 1e-10)
    let left = split.first.squaredRest.squareRoot() * (1 + 0x1p-20) + 0x1p-140
    let canonical = Double((dimension + 15) / 16 + 8) * unit * 1.01
    // Bx is no longer than x, but for its rounding, which the factor in front has room for.
    let ofCode = (1 + 0x1p-6) * (left + largestError * norm) + 16 * unit * (3 * norm + 2 * left)
    let ofNorm = ofCode + (3 * rounding + canonical) * norm + 2 * PrefixCodes.underflow
    let square = euclidean ? 2 * canonical + 32 * unit : 0
    let wider = 1 + 16 * unit
    let times = Double(factor)
    coarse = Factors(
      constant: euclidean ? Float(-squaredNorm) : 0, normWeight: euclidean ? 1 : 0,
      error: Self.upwards(times * tail * wider), norm: Self.upwards(times * ofNorm * wider),
      square: Self.upwards(square * wider),
      slack: Self.upwards(
        (square * norm * norm + Double(dimension + 64) * 0x1p-148
          + 4 * PrefixCodes.underflow * norm) * wider))
    fine = coarse
  }

  /// What a plane is, and the squared norm of what it leaves.
  private struct Plane {
    var scale: Float = 0
    var sum: Int32 = 0
    var squaredRest = 0.0
  }

  /// The planes of a query, one after the other.
  private static func split(
    _ query: Span<Float>, _ layout: CodeLayout, _ set: InstructionSet
  ) -> (planes: [Int8], first: Plane, second: Plane) {
    let length = layout.groups * 4
    var planes = [Int8](repeating: 0, count: 2 * length)
    var (first, second) = (Plane(), Plane())
    unsafe query.withUnsafeBufferPointer { query in
      unsafe planes.withUnsafeMutableBufferPointer { planes in
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.dimension) { rest in
          guard let query = query.baseAddress, let high = planes.baseAddress,
            let rest = rest.baseAddress
          else { return }
          unsafe first = plane(of: query, layout, set, high, rest)
          unsafe second = plane(of: rest, layout, set, high + length, rest)
        }
      }
    }
    return (planes, first, second)
  }

  private static func plane(
    of vector: UnsafePointer<Float>, _ layout: CodeLayout, _ set: InstructionSet,
    _ plane: UnsafeMutablePointer<Int8>, _ rest: UnsafeMutablePointer<Float>
  ) -> Plane {
    let scale = unsafe vk_code_plane(set.code, vector, layout.dimension, plane, rest)
    return unsafe Plane(
      scale: scale, sum: vk_code_plane_sum(plane, layout.groups * 4),
      squaredRest: vk_squared_norm_f64(rest, layout.dimension))
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
    unsafe planes.withUnsafeBufferPointer { planes in
      let factors = isFine ? fine : coarse
      let low = unsafe isFine ? planes.baseAddress.map { unsafe $0 + layout.groups * 4 } : nil
      let query = unsafe vk_code_query(
        high: planes.baseAddress, low: low, high_scale: highScale, low_scale: lowScale,
        high_sum: highSum, low_sum: lowSum, constant: factors.constant,
        norm_weight: factors.normWeight, error_factor: factors.error, norm_factor: factors.norm,
        square_factor: factors.square, slack: factors.slack)
      return unsafe body(query)
    }
  }
}
