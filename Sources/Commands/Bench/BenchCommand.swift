internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect bench`
package struct BenchCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the engine on this machine, with made-up users.",
    discussion: """
      Builds an index in a temporary folder, searches it in every kind of scope, adds and removes \
      rows, and removes the folder. Answers are held against an exhaustive scan: one that differs \
      ends the run. Let nothing else run meanwhile. Profiles: quick (50,000 rows), million, \
      ten-million.
      """)

  @OptionGroup var output: OutputOptions

  @Option(help: "Where the index is made for the time of the run. Default: the temporary folder.")
  var dataDirectory: String?

  @Option(help: "quick, million or ten-million.")
  var profile = BenchProfile.quick

  @Option(help: "What the data are made from.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Show the ratios to an earlier run.", valueName: "bench.json"))
  var compare: String?

  @Option(help: ArgumentHelp("Write bench.json and bench.md there.", valueName: "folder"))
  var report: String?

  package init() {}

  package func run() throws {
    let earlier = try compare.map { path in
      do {
        return try JSON.value(BenchReport.self, from: try JSONLines.data(of: path))
      } catch is DecodingError {
        throw InputError(.wrongUse, "\(path) is no report of `recollect bench`.")
      }
    }
    if let earlier, earlier.profile != profile.rawValue || earlier.seed != seed {
      throw InputError(
        .wrongUse,
        "The earlier run is of profile \(earlier.profile) and seed \(earlier.seed); compare like "
          + "with like.")
    }
    if let report { try makeFolder(URL(fileURLWithPath: report)) }
    let parent =
      dataDirectory.map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? FileManager.default.temporaryDirectory
    try makeFolder(parent)
    let folder = parent.appendingPathComponent("recollect-bench-\(UUID().uuidString.lowercased())")
    try checkRoom(folder.deletingLastPathComponent())
    defer { try? FileManager.default.removeItem(at: folder) }
    let population = BenchPopulation(
      rows: profile.rows, users: profile.users, dimension: profile.dimension, seed: seed)
    let bar = ProgressBar("bench")
    let clock = ContinuousClock()
    let start = clock.now
    let cases = try BenchRun(profile: profile, population: population) { bar.step($0) }
      .run(at: folder)
    let result = BenchReport(
      version: Application.version, profile: profile.rawValue, rows: population.rows,
      users: population.users, dimension: population.dimension, seed: seed, threads: 1,
      instructionSet: Machine.instructionSet, processors: ProcessInfo.processInfo.processorCount,
      bytes: try FolderSize.bytes(of: folder), peakMemoryBytes: ProcessMemory.peak(),
      seconds: (clock.now - start) / .seconds(1), cases: cases)
    let markdown = result.markdown(beside: earlier)
    try output.print(result) { markdown }
    if let report { try write(result, markdown, to: URL(fileURLWithPath: report)) }
  }

  /// Before anything is measured: hours must not be lost for a folder.
  private func makeFolder(_ folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw InputError(
        .unavailable, "\(folder.path) cannot be made: \(error.localizedDescription)")
    }
  }

  private func checkRoom(_ parent: URL) throws {
    let values = try parent.resourceValues(forKeys: [.volumeAvailableCapacityKey])
    let room = values.volumeAvailableCapacity ?? 0
    guard room > profile.bytes else {
      throw InputError(
        .unavailable,
        "\(parent.path) has \(FolderSize.text(room)) left; this needs "
          + "\(FolderSize.text(profile.bytes)). Name a folder with more room with --data-directory."
      )
    }
  }

  private func write(_ result: BenchReport, _ markdown: String, to folder: URL) throws {
    do {
      try (try JSON.data(result) + [0x0A]).write(to: folder.appendingPathComponent("bench.json"))
      try Data((markdown + "\n").utf8).write(to: folder.appendingPathComponent("bench.md"))
    } catch {
      throw InputError(
        .unavailable, "\(folder.path) cannot be written: \(error.localizedDescription)")
    }
  }
}
