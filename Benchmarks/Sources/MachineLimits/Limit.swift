import CMachineLimits

/// One thing that the machine can do only so fast.
struct Limit: Encodable {
  enum Unit: String, Encodable {
    case bytes = "GB/s"
    case operations = "GOP/s"
    case cycles = "GHz"
  }

  struct Rates: Encodable {
    let lowest: Double
    let median: Double
    let highest: Double
  }

  /// What other programs look it up by.
  let key: String
  let title: String
  let unit: Unit
  /// 10⁹ a second; nil where the machine lacks what was to be measured.
  let rates: Rates?

  init(_ key: String, _ title: String, _ unit: Unit, _ measured: ml_rates) {
    self.key = key
    self.title = title
    self.unit = unit
    rates =
      measured.median > 0
      ? Rates(
        lowest: measured.lowest / 1e9, median: measured.median / 1e9,
        highest: measured.highest / 1e9)
      : nil
  }
}

extension Limit {
  /// Measures everything; takes about half a minute.
  static func all(_ machine: Machine) -> [Limit] {
    clock() + memory(machine) + arithmetic() + products()
  }

  private static func clock() -> [Limit] {
    [Limit("clock", "cycles of one core", .cycles, ml_cycles())]
  }

  /// Half of a cache, so that what else is in it leaves room.
  private static func memory(_ machine: Machine) -> [Limit] {
    var limits: [Limit] = []
    for (level, bytes) in [(2, machine.secondLevelCache), (3, machine.lastLevelCache)] {
      guard let half = bytes.map({ $0 / 2 }) else { continue }
      limits.append(
        Limit(
          "cache-\(level)", "read from cache of level \(level), \(half >> 10) KiB", .bytes,
          ml_bytes_read(half, true)))
    }
    let large = 1 << 30
    limits.append(
      Limit("memory", "read from memory, 1 GiB, huge pages", .bytes, ml_bytes_read(large, true)))
    limits.append(
      Limit(
        "memory-small-pages", "read from memory, 1 GiB, small pages", .bytes,
        ml_bytes_read(large, false)))
    if machine.cores > 1 {
      limits.append(
        Limit(
          "memory-all-cores", "read from memory, 1 GiB for each of \(machine.cores) threads",
          .bytes, ml_bytes_read_by_threads(large, machine.cores)))
    }
    return limits
  }

  private static func arithmetic() -> [Limit] {
    [
      Limit(
        "fp32-portable", "fp32 multiply-add, four lanes", .operations,
        ml_fma_operations(ml_fma_portable)),
      Limit(
        "fp32-avx2", "fp32 multiply-add, AVX2 and FMA", .operations,
        ml_fma_operations(ml_fma_avx2)),
      Limit(
        "fp32-avx512", "fp32 multiply-add, AVX-512", .operations,
        ml_fma_operations(ml_fma_avx512)),
      Limit(
        "int8-avx2", "int8 dot product, AVX2 (vpmaddubsw, vpmaddwd, vpaddd)", .operations,
        ml_dot_operations(ml_dot_avx2)),
      Limit(
        "int8-avx2-narrow", "int8 products summed in 16 bits, AVX2 (vpmaddubsw, vpaddw)",
        .operations,
        ml_dot_operations(ml_dot_avx2_narrow)),
      Limit(
        "int8-avx-vnni", "int8 dot product, AVX-VNNI (vpdpbusd)", .operations,
        ml_dot_operations(ml_dot_avx_vnni)),
      Limit(
        "int8-avx512-vnni", "int8 dot product, AVX-512 VNNI (vpdpbusd)", .operations,
        ml_dot_operations(ml_dot_avx512_vnni)),
      Limit(
        "int8-neon", "int8 dot product, NEON (sdot)", .operations,
        ml_dot_operations(ml_dot_neon)),
    ]
  }

  private static func products() -> [Limit] {
    [
      Limit(
        "sgemm", "sgemm, 1024 × 1024 × 1024", .operations, ml_sgemm_operations(1024, 1024, 1024)),
      Limit(
        "sgemm-search", "sgemm, 1024 rows × 128 queries × 384 dimensions", .operations,
        ml_sgemm_operations(1024, 128, 384)),
    ]
  }
}
