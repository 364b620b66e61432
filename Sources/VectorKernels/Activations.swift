internal import CVectorKernels

/// The elementwise parts of a transformer, in place on rows of a matrix.
///
/// Rows are `count × dimension`, row-major, without gaps, where the dimension is that of the bias.
/// Results are accurate (about 1e-6) but, unlike the scores of ``RowKernels``, not equal bit for
/// bit on every instruction set. The functions trap on shapes that do not fit together; nothing
/// allocates.
package struct Activations: Sendable {
  /// Where the kernels run.
  package let instructionSet: InstructionSet

  package init(_ instructionSet: InstructionSet = .detected) {
    self.instructionSet = instructionSet
  }

  /// Adds the bias (`dimension` elements) to each row.
  package func addBias(_ bias: Span<Float>, to rows: inout MutableSpan<Float>) {
    let count = Self.rowCount(rows.count, dimension: bias.count)
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      unsafe bias.withUnsafeBufferPointer { bias in
        guard let target = rows.baseAddress, let source = bias.baseAddress else { return }
        unsafe vk_add_bias_f32_rows(instructionSet.code, target, count, bias.count, source)
      }
    }
  }

  /// Replaces each element `x` by `gelu(x + bias)`, where `gelu(x) = x · (1 + erf(x / √2)) / 2`.
  package func gelu(_ rows: inout MutableSpan<Float>, adding bias: Span<Float>) {
    let count = Self.rowCount(rows.count, dimension: bias.count)
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      unsafe bias.withUnsafeBufferPointer { bias in
        guard let target = rows.baseAddress, let source = bias.baseAddress else { return }
        unsafe vk_bias_gelu_f32_rows(instructionSet.code, target, count, bias.count, source)
      }
    }
  }

  /// Replaces each row by the softmax of `scale` times the row.
  ///
  /// The elements must be finite and the scale positive.
  package func softmax(_ rows: inout MutableSpan<Float>, dimension: Int, scale: Float = 1) {
    precondition(scale > 0, "a scale is positive")
    let count = Self.rowCount(rows.count, dimension: dimension)
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      guard let target = rows.baseAddress else { return }
      unsafe vk_softmax_f32_rows(instructionSet.code, target, count, dimension, scale)
    }
  }

  /// Adds the bias to each row, brings the row to mean 0 and variance 1, then applies gain and
  /// shift.
  ///
  /// - Parameters:
  ///   - bias: `dimension` elements, as are `gain` and `shift`.
  ///   - epsilon: added to the variance.
  package func layerNorm(
    _ rows: inout MutableSpan<Float>, adding bias: Span<Float>, gain: Span<Float>,
    shift: Span<Float>, epsilon: Float
  ) {
    let dimension = bias.count
    let count = Self.rowCount(rows.count, dimension: dimension)
    precondition(gain.count == dimension && shift.count == dimension, "gain and shift are one row")
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe gain.withUnsafeBufferPointer { gain in
          unsafe shift.withUnsafeBufferPointer { shift in
            guard let target = rows.baseAddress, let bias = bias.baseAddress,
              let gain = gain.baseAddress, let shift = shift.baseAddress
            else { return }
            unsafe vk_bias_layer_norm_f32_rows(
              instructionSet.code, target, count, dimension, bias, gain, shift, epsilon)
          }
        }
      }
    }
  }

  private static func rowCount(_ elements: Int, dimension: Int) -> Int {
    precondition(dimension > 0, "a row has at least one element")
    let count = elements / dimension
    precondition(count * dimension == elements, "rows are count × dimension")
    return count
  }
}
