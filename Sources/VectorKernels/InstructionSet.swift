internal import CVectorKernels

/// An instruction set that the kernels can be asked for.
///
/// All sets give the same canonical scores, bit for bit; `scalar` is the oracle of the others.
package enum InstructionSet: CaseIterable, Sendable, CustomStringConvertible {
  case scalar
  /// AVX2 with FMA.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// The same with dot products of bytes.
  case avx512VNNI
  /// NEON with CRC32.
  case neon
  /// The same with dot products of bytes.
  case neonDotProduct

  /// The best set of this machine, unless `RECOLLECT_INSTRUCTION_SET` names another of its sets.
  package static let detected: InstructionSet =
    switch vk_detected_instruction_set() {
    case .scalar: .scalar
    case .avx2: .avx2
    case .avx512: .avx512
    case .avx512_vnni: .avx512VNNI
    case .neon: .neon
    case .neon_dotprod: .neonDotProduct
    }

  /// The sets that this machine can run.
  package static var available: [InstructionSet] {
    allCases.filter { vk_supports($0.code) }
  }

  /// The name that `RECOLLECT_INSTRUCTION_SET` knows.
  package var description: String {
    unsafe String(cString: vk_name(code))
  }

  /// Whether its kernels multiply codes with any bytes, not only with small ones.
  package var takesWholeBytes: Bool {
    vk_takes_whole_bytes(code)
  }

  var code: vk_instruction_set {
    switch self {
    case .scalar: .scalar
    case .avx2: .avx2
    case .avx512: .avx512
    case .avx512VNNI: .avx512_vnni
    case .neon: .neon
    case .neonDotProduct: .neon_dotprod
    }
  }
}
