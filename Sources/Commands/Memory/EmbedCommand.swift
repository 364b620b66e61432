internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect embed`
package struct EmbedCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Turn texts into vectors.",
    discussion: """
      Texts come as arguments, or from --input: one JSON string, or an object with a "text", a line. \
      With --output the vectors go to an .npy or .fvecs file, otherwise to standard output: one JSON \
      array a line, or with --json all in one document.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "A .jsonl file of texts; `-` reads standard input.")
  var input: String?

  @Option(name: .customLong("output"), help: "The .npy or .fvecs file to write.")
  var outputFile: String?

  @Argument(help: "Texts to embed.")
  var texts: [String] = []

  package init() {}

  private struct Result: Encodable {
    let model: String
    let dimension: Int
    let count: Int
    let vectors: [[Float]]?
  }

  package func validate() throws {
    guard input == nil || texts.isEmpty else {
      throw ValidationError("Texts come from --input or as arguments, not from both.")
    }
  }

  package func run() throws {
    let texts = try input.map { try Self.texts(inFile: $0) } ?? texts
    guard !texts.isEmpty else { throw InputError(.wrongUse, "There is no text to embed.") }
    let settings = try Settings(store.options(output))
    let bar = ProgressBar("embed")
    let embedded = try Models.embed(texts, settings) { bar.show($0, of: texts.count, "texts") }
    if let outputFile {
      let matrix = FloatMatrix(
        elements: embedded.vectors.flatMap { $0 }, count: embedded.vectors.count,
        dimension: embedded.dimension)
      try VectorFile.write(matrix, to: outputFile)
    }
    let result = Result(
      model: embedded.model, dimension: embedded.dimension, count: embedded.vectors.count,
      vectors: outputFile == nil ? embedded.vectors : nil)
    try output.print(result) {
      outputFile.map { "\(result.count) vectors of \(result.dimension) dimensions in \($0)" }
        ?? embedded.vectors.map { "[" + $0.map(\.description).joined(separator: ",") + "]" }
        .joined(separator: "\n")
    }
  }

  private struct Line: Decodable {
    let text: String

    private enum CodingKeys: String, CodingKey { case text }

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      // Not being a string is a normal answer: then it is an object, or the line is refused.
      if let text = try? value.decode(String.self) {
        self.text = text
      } else {
        text = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .text)
      }
    }
  }

  private static func texts(inFile path: String) throws -> [String] {
    try JSONLines.read(path, as: Line.self).map(\.text)
  }
}
