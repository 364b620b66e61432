internal import VectorKernels

/// What this machine can do.
package enum Machine {
  /// The instruction set of the kernels that run here.
  package static var instructionSet: String { "\(InstructionSet.detected)" }
}
