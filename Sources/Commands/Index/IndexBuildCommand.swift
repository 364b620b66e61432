package import ArgumentParser
internal import Foundation
internal import VectorEngine

extension IndexCommand {
  /// `recollect index build`
  package struct Build: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Build an index folder from a file of vectors.",
      discussion: """
        Vectors come from .npy (float32, count × dimension), .fvecs or .bvecs. Each row belongs to a \
        user and perhaps to a session: without --users all belong to the user whose key is empty, \
        and an empty line in --sessions is no session. Rows are numbered from 0 in messages and, \
        without --ids, in results.

        The index is built beside its place and put there when it is complete; with --force the one \
        that was there goes only then.
        """)

    @OptionGroup(visibility: .hidden) var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The file of vectors.")
    var input: String

    @Option(name: .customLong("output"), help: "The folder to make.")
    var folder: String

    @Option(
      help: """
        How closeness is measured. Scores are greater for what is closer: the cosine, the inner \
        product, or minus the squared distance.
        """)
    var metric = MetricName.cosine

    @Option(help: "What to build. auto is flat, which is exact; ivf is not there yet.")
    var kind = IndexKind.auto

    @Option(help: "A user for each row: one key a line, or an .npy of integers.")
    var users: String?

    @Option(help: "A session for each row: one key a line, or an .npy of integers.")
    var sessions: String?

    @Option(help: "An id for each row: one a line, or an .npy of integers. Default: its number.")
    var ids: String?

    @Option(help: "How many threads may work. A flat index is written by one.")
    var threads = 1

    @Option(help: "Where randomness starts. A flat index has none.")
    var seed: UInt64 = 0

    @Option(help: .hidden)
    var recall: Double?

    @Flag(help: "Replace an index that is there already.")
    var force = false

    package init() {}

    private struct Report: Encodable {
      let rows: Int
      let dimension: Int
      let metric: String
      let kind: String
      let users: Int
      let sessions: Int
      let seconds: Double
      let bytes: Int
      let peakMemoryBytes: Int

      private enum CodingKeys: String, CodingKey {
        case rows, dimension, metric, kind, users, sessions, seconds, bytes
        case peakMemoryBytes = "peak_memory_bytes"
      }
    }

    package func validate() throws {
      guard threads >= 1 else { throw ValidationError("--threads is at least 1.") }
    }

    package func run() throws {
      let kind = try kind.resolved()
      try RecallTarget.refuse(recall)
      let clock = ContinuousClock()
      let start = clock.now
      let place = try ReplacedFolder(folder, force: force)
      let file = try VectorFile(input)
      let builder = IndexBuilder(
        input: file, metric: metric.metric,
        users: try users.map { try KeyFile.keys($0, rows: file.count) },
        sessions: try sessions.map { try KeyFile.keys($0, rows: file.count) },
        ids: try ids.map { try KeyFile.ids($0, rows: file.count) })
      let bar = ProgressBar("build")
      try place.fill { url in
        try builder.build(at: url) { bar.show($0, of: file.count, "rows") }
      }
      let url = URL(fileURLWithPath: folder, isDirectory: true)
      let collection = try VectorCollection(opening: url)
      let inspection = try collection.inspection(largestUsers: 0)
      let report = Report(
        rows: collection.statistics.rows, dimension: file.dimension, metric: metric.rawValue,
        kind: kind.rawValue, users: inspection.users, sessions: inspection.sessions,
        seconds: (clock.now - start) / .seconds(1), bytes: try FolderSize.bytes(of: url),
        peakMemoryBytes: ProcessMemory.peak())
      try output.print(report) {
        """
        \(report.rows) rows of \(report.dimension) dimensions, \(report.users) users and \
        \(report.sessions) sessions in \(folder): \(FolderSize.text(report.bytes)) in \
        \(report.seconds.rounded(places: 2)) s.
        """
      }
    }
  }
}

/// The recall that an approximate index would be asked for.
enum RecallTarget {
  /// - Throws: `InputError` when one was given: flat indexes are exact.
  static func refuse(_ recall: Double?) throws {
    guard recall == nil else {
      throw InputError(
        .wrongUse, "--recall needs IVF, which is not there yet; every search is exact.")
    }
  }
}
