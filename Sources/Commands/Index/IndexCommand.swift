package import ArgumentParser
internal import VectorEngine

/// `recollect index`
package struct IndexCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "index",
    abstract:
      "Search vectors of your own (build, inspect, search); look after the index of a store.",
    subcommands: [Build.self, Inspect.self, Search.self, Rebuild.self, Verify.self])

  package init() {}
}

/// A metric as the command line names it.
enum MetricName: String, CaseIterable, ExpressibleByArgument {
  case cosine
  case ip
  case l2

  init(_ metric: Metric) {
    self =
      switch metric {
      case .cosine: .cosine
      case .innerProduct: .ip
      case .squaredEuclidean: .l2
      }
  }

  var metric: Metric {
    switch self {
    case .cosine: .cosine
    case .ip: .innerProduct
    case .l2: .squaredEuclidean
    }
  }
}

/// A kind of index as the command line names it.
enum IndexKind: String, CaseIterable, ExpressibleByArgument {
  case flat
  case ivf
  case auto

  /// The kind that is built.
  ///
  /// - Throws: `InputError` for a kind that this version cannot build.
  func resolved() throws -> IndexKind {
    guard self != .ivf else {
      throw InputError(
        .wrongUse, "IVF is not there yet: this version builds flat indexes, which are exact.")
    }
    return .flat
  }
}
