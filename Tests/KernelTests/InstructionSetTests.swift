import Testing
import VectorKernels

@Suite struct InstructionSetTests {
  @Test func `the detected set is one that the machine can run`() {
    #expect(InstructionSet.available.contains(.detected))
    #expect(InstructionSet.available.contains(.scalar))
  }

  @Test func `every set has the name that the environment variable knows`() {
    #expect(
      InstructionSet.allCases.map(\.description)
        == ["scalar", "avx2", "avx512", "avx512_vnni", "neon", "neon_dotprod"])
  }

  @Test func `a set with dot products of bytes has the set below it`() {
    let available = InstructionSet.available
    #expect(!available.contains(.avx512VNNI) || available.contains(.avx512))
    #expect(!available.contains(.avx512) || available.contains(.avx2))
    #expect(!available.contains(.neonDotProduct) || available.contains(.neon))
  }
}
