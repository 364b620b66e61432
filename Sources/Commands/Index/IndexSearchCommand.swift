package import ArgumentParser
internal import Foundation
internal import VectorEngine

extension IndexCommand {
  /// `recollect index search`
  package struct Search: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Ask an index every query of a file, and measure it.",
      discussion: """
        One pass warms up; then --repeat passes are timed. seconds and qps are those of the pass in \
        the middle; the latencies are those of all timed passes. With --batch above 1 a query's \
        latency is its share of the batch's time. scanned_rows and rescored_rows add up one pass: \
        rows in scope that a query was compared with, and rows scored again by the canonical kernel \
        after a matrix product chose them. Exits with 1 when no query found anything.
        """)

    @OptionGroup(visibility: .hidden) var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The index folder.")
    var folder: String

    @Option(help: "The file of queries: .npy, .fvecs or .bvecs.")
    var queries: String

    @Option(help: "How many neighbours each query asks for.")
    var count = 10

    // A key is any text, also one that begins like an option.
    @Option(parsing: .unconditional, help: "Only this user's rows.")
    var user: String?

    @Option(
      parsing: .unconditional,
      help: "Only this session's rows, of --user or of each of --query-users.")
    var session: String?

    @Option(help: "A user for each query: one key a line, or an .npy of integers.")
    var queryUsers: String?

    @Flag(help: "Find the true neighbours, as every search of a flat index does.")
    var exact = false

    @Option(help: "The recall that is enough. Needs IVF, which is not there yet.")
    var recall: Double?

    @Option(help: "How many queries are asked together.")
    var batch = 1

    @Option(help: "How many threads ask.")
    var threads = 1

    @Option(name: .customLong("repeat"), help: "How many passes are timed.")
    var passes = 3

    @Option(
      help: """
        Write the ids that were found: .ivecs (a row: how many, then the ids) or .npy (UInt64, when \
        all queries found the same number).
        """)
    var idsOut: String?

    @Option(help: "Write the scores that were found: .fvecs, rows as in --ids-out.")
    var scoresOut: String?

    @Option(help: "An .ivecs file of the true neighbours; adds recall@COUNT.")
    var groundTruth: String?

    @Flag(help: "Tell how the first queries are answered.")
    var explain = false

    package init() {}

    package func validate() throws {
      for (name, value) in [
        ("count", count), ("batch", batch), ("threads", threads), ("repeat", passes),
      ] where value < 1 {
        throw ValidationError("--\(name) is at least 1.")
      }
      if user != nil, queryUsers != nil {
        throw ValidationError("--user and --query-users exclude each other.")
      }
      if session != nil, user == nil, queryUsers == nil {
        throw ValidationError("A session is a user's: --session needs --user or --query-users.")
      }
      for (name, path, formats) in [
        ("ids-out", idsOut, [FileFormat.ivecs, .npy]), ("scores-out", scoresOut, [.fvecs]),
        ("ground-truth", groundTruth, [.ivecs]),
      ] {
        if let path, !formats.contains(FileFormat(path)) {
          let names = formats.map { ".\($0.rawValue)" }.joined(separator: " or ")
          throw ValidationError("--\(name) is a file with the extension \(names).")
        }
      }
    }

    package func run() throws {
      try RecallTarget.refuse(recall)
      let snapshot = try VectorCollection(
        opening: URL(fileURLWithPath: folder, isDirectory: true)
      ).snapshot()
      let matrix = try usableQueries(snapshot.configuration)
      let truth = try groundTruth.map {
        try NeighborFile.groundTruth($0, queries: matrix.count)
      }
      let search = SearchRun(
        snapshot: snapshot, queries: matrix, scopes: try scopes(matrix.count), count: count,
        batch: batch, threads: threads)
      let found = try search.pass().neighbors
      let bar = ProgressBar("search")
      var timed: [SearchRun.Pass] = []
      for number in 1...passes {
        timed.append(try search.pass())
        bar.show(number, of: passes, "passes")
      }
      if let idsOut { try NeighborFile.write(found, to: idsOut) }
      if let scoresOut {
        try VectorFile.write(found.lazy.map { $0.map(\.score) }, asRowsTo: scoresOut)
      }
      let report = SearchSummary(
        search, timed, try search.explain(),
        recall: try truth.map {
          try Recall.at(count, of: found, truth: $0, in: groundTruth ?? "")
        },
        explainsFirst: explain ? Self.explainedQueries : nil)
      try output.print(report) { report.text }
      if found.allSatisfy(\.isEmpty) { throw ExitStatus.no }
    }

    private static let explainedQueries = 5

    private func usableQueries(
      _ configuration: VectorCollection.Configuration
    ) throws -> FloatMatrix {
      let matrix = try VectorFile.matrix(queries)
      guard matrix.dimension == configuration.dimension else {
        throw InputError(
          .wrongUse,
          "\(queries) has \(matrix.dimension) dimensions, the index \(configuration.dimension).")
      }
      for row in 0..<matrix.count {
        let query = matrix.elements.span.extracting(matrix.range(of: row..<(row + 1)))
        if let objection = configuration.metric.objection(to: query) {
          throw InputError(.wrongUse, "\(queries), row \(row) (counted from 0), \(objection)")
        }
      }
      return matrix
    }

    private func scopes(_ count: Int) throws -> [SearchScope] {
      func scope(_ user: String) -> SearchScope {
        session.map { .session(user: user, session: $0) } ?? .user(user)
      }
      if let queryUsers {
        return try KeyFile.keys(queryUsers, rows: count, "queries").map(scope)
      }
      return Array(repeating: user.map(scope) ?? .everything, count: count)
    }
  }
}
