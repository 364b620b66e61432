internal import CVectorKernels

/// An instruction set that the kernels can be asked for.
///
/// All sets give the same canonical scores, bit for bit; `scalar` is the oracle of the others.
package enum InstructionSet: String, CaseIterable, Sendable {
  case scalar
  case avx2

  /// The best set of this machine, unless `RECOLLECT_INSTRUCTION_SET` names another.
  package static let detected: InstructionSet =
    switch vk_detected_instruction_set() {
    case .avx2: .avx2
    case .scalar: .scalar
    }

  /// The sets that this machine can run.
  package static var available: [InstructionSet] {
    allCases.filter { vk_supports($0.code) }
  }

  var code: vk_instruction_set {
    switch self {
    case .scalar: .scalar
    case .avx2: .avx2
    }
  }
}
