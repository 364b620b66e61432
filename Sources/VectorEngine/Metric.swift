internal import VectorKernels

/// How the closeness of two vectors is measured.
///
/// One convention everywhere: a score is a `Float`, and *greater is closer*.
public enum Metric: String, CaseIterable, Sendable {
  /// The cosine of the angle: rows and queries are scaled to length one (in fp64, stored as fp32),
  /// the score is their inner product.
  case cosine
  /// The inner product of the vectors as they are.
  case innerProduct
  /// Minus the squared Euclidean distance, so that greater is closer here too.
  case squaredEuclidean
}

extension Metric {
  /// The squared norms that vectors may have: outside, products would leave the range of `Float`,
  /// or a direction would be made of rounding errors.
  static let largestSquaredNorm = 1e30
  static let smallestSquaredNormOfDirection = 1e-30

  /// Why a vector cannot be stored or searched with under this metric, as the end of a sentence
  /// about it; nil when it can.
  public func objection(to vector: Span<Float>) -> String? {
    objection(toSquaredNorm: RowKernels.squaredNorm(vector))
  }

  private func objection(toSquaredNorm squaredNorm: Double) -> String? {
    guard squaredNorm.isFinite else { return "holds a NaN or an infinity." }
    guard squaredNorm <= Self.largestSquaredNorm else {
      return "is too long: its squared norm is above 1e30."
    }
    guard self != .cosine || squaredNorm >= Self.smallestSquaredNormOfDirection else {
      return "has no direction: under the cosine its squared norm must be at least 1e-30."
    }
    return nil
  }

  /// Appends a vector as it is stored or searched with.
  ///
  /// - Parameter name: what the vector is called in an error.
  /// - Throws: `invalidArgument` for NaN, infinity, a squared norm above 1e30, or under cosine
  ///   below 1e-30.
  func prepare(
    _ vector: Span<Float>, into prepared: inout [Float], name: @autoclosure () -> String
  ) throws(EngineError) {
    let squaredNorm = RowKernels.squaredNorm(vector)
    if let objection = objection(toSquaredNorm: squaredNorm) {
      throw EngineError(.invalidArgument, "\(name()) \(objection)")
    }
    // A number divided by 1 is itself.
    RowKernels.divide(
      vector, by: self == .cosine ? squaredNorm.squareRoot() : 1, into: &prepared)
  }
}
