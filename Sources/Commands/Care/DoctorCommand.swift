internal import App
package import ArgumentParser
internal import Records

/// `recollect doctor`
package struct DoctorCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look for what is wrong: settings, directory, database, locks, model.",
    discussion: """
      Reads the whole database and changes nothing. Exits with 0 when all is well, 1 when something \
      deserves attention, 2 when a setting is wrong, 3 when data is damaged, 4 when something needed \
      is missing.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  package init() {}

  private struct Report: Encodable {
    let status: Finding.Status
    let findings: [Finding]
  }

  package func run() throws {
    let findings = Care.examine(store.options(output))
    let worst = findings.map(\.status).max() ?? .ok
    try output.print(Report(status: worst, findings: findings)) {
      findings.map(Self.line).joined(separator: "\n")
    }
    switch worst {
    case .ok: break
    case .warning: throw ExitStatus.no
    case .wrong: throw ExitStatus.wrongUse
    case .missing: throw ExitStatus.unavailable
    case .damaged: throw ExitStatus.damaged
    }
  }

  private static func line(_ finding: Finding) -> String {
    let name = finding.name.padding(toLength: 10)
    let status = finding.status.rawValue.padding(toLength: 8)
    let advice = finding.advice.map { "\n" + String(repeating: " ", count: 20) + "→ \($0)" } ?? ""
    return "\(name)  \(status)\(finding.detail)\(advice)"
  }
}

extension String {
  fileprivate func padding(toLength length: Int) -> String {
    self + String(repeating: " ", count: max(0, length - count))
  }
}
