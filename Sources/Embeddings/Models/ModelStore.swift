import Foundation
internal import VectorKernels

/// Where models live on this machine: `recollect/models/<name>` in the user's data directory.
///
/// A model is there completely or not at all: it is put together beside its place and renamed into
/// it, and never changed afterwards.
package struct ModelStore: Sendable {
  /// The model that is used unless another is named.
  package static let defaultModel = "all-MiniLM-L6-v2"

  /// The SHA-256 of that model's weights, in hexadecimal digits.
  package static var defaultModelDigest: String { ModelSource.all[0].digest }

  /// Where models are looked for, in this order; the first is where they are installed.
  package let directories: [URL]
  /// What programs that install a model are started with.
  let environment: [String: String]

  /// The store of the user that the environment describes: `$XDG_DATA_HOME`, when it is set, before
  /// `$HOME/.local/share`.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    var places: [URL] = []
    // As the specification of base directories says, a relative path there counts as none.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      places.append(URL(fileURLWithPath: data, isDirectory: true))
    }
    let home =
      environment["HOME"].map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? FileManager.default.homeDirectoryForCurrentUser
    places.append(home.appendingPathComponent(".local/share", isDirectory: true))
    self.init(
      directories: places.map { $0.appendingPathComponent("recollect/models", isDirectory: true) },
      environment: environment)
  }

  /// A store in these directories, of which there is at least one.
  package init(
    directories: [URL],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    precondition(!directories.isEmpty, "a store has a directory")
    self.directories = directories
    self.environment = environment
  }

  /// The folder of the model, or `nil` when none of the directories has it.
  ///
  /// Looks at the names of the files only; see ``verify(_:)``.
  package func locate(_ name: String = defaultModel) -> URL? {
    // A name is one component: it must not lead out of the directories.
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else { return nil }
    return directories.map { $0.appendingPathComponent(name, isDirectory: true) }
      .first { folder in
        ModelSource.required.allSatisfy { ModelFile.exists(folder.appendingPathComponent($0)) }
      }
  }

  /// The folder of the model, after its weights were found to be the published ones.
  ///
  /// - Throws: `modelMissing`, `modelDamaged`, or `unsupportedModel` for a name whose weights are
  ///   not known.
  /// - Complexity: reads all weights, about half a second for the default model.
  package func verify(_ name: String = defaultModel) throws(EmbeddingError) -> URL {
    let source = try ModelSource.named(name)
    guard let folder = locate(name) else {
      throw EmbeddingError(
        .modelMissing,
        "The model \(name) is not installed in "
          + directories.map(\.path).joined(separator: " or ")
          + ". Run `recollect model install`.")
    }
    try verify(folder, source)
    return folder
  }

  func verify(_ folder: URL, _ source: ModelSource) throws(EmbeddingError) {
    for file in ModelSource.required
    where !ModelFile.exists(folder.appendingPathComponent(file)) {
      throw EmbeddingError(.modelMissing, "There is no \(file) in \(folder.path).")
    }
    let weights = try MappedFile(folder.appendingPathComponent("model.safetensors"))
    let digest = weights.withBytes(0..<weights.count) { SHA256.hexadecimalDigest(of: $0) }
    guard digest == source.digest else {
      throw EmbeddingError(
        .modelDamaged,
        "model.safetensors in \(folder.path) is not the published file of \(source.name): its "
          + "SHA-256 is \(digest), not \(source.digest). Install the model again.")
    }
  }
}
