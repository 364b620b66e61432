// What this machine can do at most, as a measure for what the engine does:
//
//   MachineLimits [<file for JSON>]
import CMachineLimits
import Foundation

@main
enum MachineLimits {
  private struct Report: Encodable {
    let machine: Machine
    let limits: [Limit]
    /// How much of the blocks that were to have huge pages had them.
    let hugePageBytes: Int
  }

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count <= 1, arguments.first?.hasPrefix("-") != true else {
      print("usage: MachineLimits [<file for JSON>]")
      exit(64)
    }
    let machine = Machine()
    let limits = Limit.all(machine)
    let report = Report(
      machine: machine, limits: limits, hugePageBytes: Int(ml_huge_page_bytes()))
    print(markdown(report))
    if let file = arguments.first {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(report).write(to: URL(fileURLWithPath: file))
    }
  }

  private static func markdown(_ report: Report) -> String {
    let machine = report.machine
    var lines = [
      "\(machine.processor), \(machine.cores) cores; \(machine.system); load before: "
        + machine.load.map { String($0) }.joined(separator: " "),
      "BLAS: \(machine.blas), kernels of \(machine.blasCore); OPENBLAS_CORETYPE: "
        + (machine.blasCoreWanted ?? "not set"),
      "huge pages behind the blocks in memory: \(report.hugePageBytes >> 20) MiB",
      "",
      "| limit of one core, unless said otherwise | median | lowest | highest | unit |",
      "|---|---|---|---|---|",
    ]
    for limit in report.limits {
      let rates = limit.rates.map { [$0.median, $0.lowest, $0.highest] }
      let cells = rates?.map(rounded) ?? ["–", "–", "–"]
      lines.append(
        "| \(limit.title) | \(cells.joined(separator: " | ")) | \(limit.unit.rawValue) |")
    }
    return lines.joined(separator: "\n")
  }

  private static func rounded(_ rate: Double) -> String {
    rate < 10 ? String(format: "%.2f", rate) : String(format: "%.1f", rate)
  }
}
