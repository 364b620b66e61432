/// A small, fast, repeatable generator (SplitMix64, Steele, Lea and Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number below `bound`, which is small beside 2⁶⁴.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// A draw that is nearly normal, of mean 0 and variance 1: the sum of four uniform ones, so that
  /// no mathematical library has a say in the data.
  mutating func nearlyNormal() -> Float {
    let bits = next()
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    // Four uniform draws from 0…65535: mean 4 × 32767.5, variance 4 × 65536² / 12.
    return (Float(sum) - 131_070) * (1.732_050_8 / 65_536)
  }
}
