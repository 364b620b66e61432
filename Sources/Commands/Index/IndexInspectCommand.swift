package import ArgumentParser
internal import Foundation
internal import VectorEngine

extension IndexCommand {
  /// `recollect index inspect`
  package struct Inspect: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show what is in an index folder.",
      discussion: "Exits with 2 when the folder is no index, and with 3 when it is damaged.")

    @OptionGroup(visibility: .hidden) var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The index folder.")
    var folder: String

    @Flag(help: "Check every byte against its checksum.")
    var verify = false

    package init() {}

    package func run() throws {
      let url = URL(fileURLWithPath: folder, isDirectory: true)
      let collection = try VectorCollection(opening: url)
      var damage: EngineError?
      if verify {
        do {
          try collection.verify()
        } catch {
          guard error.code == .corrupt else { throw error }
          damage = error
        }
      }
      let report = try Report(
        collection, fileBytes: FolderSize.bytes(of: url), verified: verify ? damage == nil : nil)
      try output.print(report) { report.text }
      if let damage { throw damage }
    }

    private struct Report: Encodable {
      struct Segment: Encodable {
        let name: String
        let rows: Int
        let tombstones: Int
        let bytes: Int
      }

      struct User: Encodable {
        let key: String
        let rows: Int
      }

      let rows: Int
      let dimension: Int
      let metric: String
      let kind = IndexKind.flat.rawValue
      let formatVersion: Int
      let users: Int
      let sessions: Int
      let segments: [Segment]
      let largestUsers: [User]
      let bytes: [String: Int]
      let tombstones: Int
      let verified: Bool?

      private enum CodingKeys: String, CodingKey {
        case rows, dimension, metric, kind, users, sessions, segments, bytes, tombstones, verified
        case formatVersion = "format_version"
        case largestUsers = "largest_users"
      }

      init(_ collection: VectorCollection, fileBytes: Int, verified: Bool?) throws {
        let inspection = try collection.inspection()
        rows = collection.statistics.rows
        dimension = collection.configuration.dimension
        metric = MetricName(collection.configuration.metric).rawValue
        formatVersion = inspection.formatVersion
        users = inspection.users
        sessions = inspection.sessions
        segments = inspection.segments.map {
          Segment(name: $0.name, rows: $0.rows, tombstones: $0.tombstones, bytes: $0.bytes)
        }
        largestUsers = inspection.largestUsers.map { User(key: $0.user, rows: $0.rows) }
        var bytes = inspection.bytes
        bytes["squared_norms"] = bytes.removeValue(forKey: "squaredNorms")
        bytes["other"] = fileBytes - bytes.values.reduce(0, +)
        bytes["total"] = fileBytes
        self.bytes = bytes
        tombstones = collection.statistics.tombstones
        self.verified = verified
      }

      var text: String {
        var lines = [
          "\(rows) rows of \(dimension) dimensions, \(metric), \(kind), format \(formatVersion)",
          "\(users) users, \(sessions) sessions, \(tombstones) deleted rows, "
            + "\(FolderSize.text(bytes["total"] ?? 0))",
        ]
        lines += segments.map { "  \($0.name)  \($0.rows) rows  \(FolderSize.text($0.bytes))" }
        if !largestUsers.isEmpty { lines.append("largest users:") }
        lines += largestUsers.map { "  \(String($0.rows).leftPadded(10))  '\($0.key)'" }
        switch verified {
        case true?: lines.append("Every byte is as it was written.")
        case false?: lines.append("DAMAGED.")
        case nil: break
        }
        return lines.joined(separator: "\n")
      }
    }
  }
}
