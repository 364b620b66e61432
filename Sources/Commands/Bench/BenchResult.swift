internal import Evaluation
internal import Foundation

/// What one case of a measurement found.
struct BenchResult: Codable {
  /// What was done.
  let name: String
  /// How often.
  let operations: Int
  /// Rows in scope, the mean over the operations; absent where nothing is searched.
  var rowsInScope: Double?
  /// Operations a second, on one thread unless the case says otherwise.
  let rate: Double
  /// Microseconds of an operation; in batches, its share.
  let p50: Double
  let p99: Double
  let p999: Double
  let mean: Double
  /// Rows scored a second time, the mean over the operations that were explained.
  var rescoredRows: Double?
  /// How it was answered.
  var path: String?

  private enum CodingKeys: String, CodingKey {
    case operations
    case mean = "mean_us"
    case p50 = "p50_us"
    case p99 = "p99_us"
    case p999 = "p999_us"
    case path
    case name = "case"
    case rowsInScope = "rows_in_scope"
    case rate = "per_second"
    case rescoredRows = "rescored_rows"
  }

  init(_ name: String, _ microseconds: [Double], seconds: Double) {
    let latency = LatencySummary(microseconds)
    self.name = name
    operations = microseconds.count
    rate = seconds > 0 ? Double(microseconds.count) / seconds : 0
    p50 = latency.quantile(0.5)
    p99 = latency.quantile(0.99)
    p999 = latency.quantile(0.999)
    mean = latency.mean
  }
}

/// A whole measurement.
struct BenchReport: Codable {
  let version: String
  let profile: String
  let rows: Int
  let users: Int
  let dimension: Int
  let seed: UInt64
  let threads: Int
  let instructionSet: String
  let processors: Int
  let bytes: Int
  let peakMemoryBytes: Int
  let seconds: Double
  let cases: [BenchResult]

  private enum CodingKeys: String, CodingKey {
    case version, profile, rows, users, dimension, seed, threads, processors, bytes, seconds, cases
    case instructionSet = "instruction_set"
    case peakMemoryBytes = "peak_memory_bytes"
  }

  /// A table with a row for each case and, when an earlier run is given, how much faster each is.
  func markdown(beside earlier: BenchReport?) -> String {
    let before = Dictionary(
      (earlier?.cases ?? []).map { ($0.name, $0.p50) }
    ) { first, _ in first }
    var rows = [
      ["case", "rows in scope", "p50 µs", "p99 µs", "a second", "path"]
        + (earlier == nil ? [] : ["p50, times as fast"])
    ]
    for one in cases {
      let ratio = before[one.name].map { "\(($0 / one.p50).rounded(places: 2))" } ?? "–"
      rows.append(
        [
          one.name, one.rowsInScope.map { "\(Int($0.rounded()))" } ?? "–",
          "\(one.p50.rounded(places: 1))", "\(one.p99.rounded(places: 1))",
          "\(Int(one.rate.rounded()))", one.path ?? "–",
        ] + (earlier == nil ? [] : [ratio]))
    }
    return """
      \(self.rows) rows of dimension \(dimension), \(users) users; \(FolderSize.text(bytes)) on \
      disk, at most \(FolderSize.text(peakMemoryBytes)) in memory; kernels \(instructionSet), \
      \(threads == 1 ? "one thread" : "\(threads) threads"); \(seconds.rounded(places: 1)) s.

      \(MarkdownTable.text(rows))
      """
  }
}
