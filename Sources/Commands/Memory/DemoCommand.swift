internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect demo`
package struct DemoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Import the sample conversations and ask a server about them, as an MCP client would.",
    discussion: "Works in a temporary directory; nothing of yours is touched.")

  @OptionGroup var output: OutputOptions

  @Option(help: "The folder of the sample.")
  var sample = "data/sample"

  @Option(help: "The folder of an embedding model. Default: the installed model.")
  var model: String?

  package init() {}

  /// What is asked: one question of each kind for each of the sample's people, and one that nothing
  /// answers.
  private static let questions = [
    ("maya", "When was Irene's spring appointment for the injection in her eye?"),
    ("maya", "When are Maya and her friend away in Portugal?"),
    ("tomas", "May a client try again after a 4091?"),
    ("tomas", "How are ledger events published today?"),
    ("amara", "How much water goes into the rye bread in the final version?"),
    ("amara", "When did the doors open for the first time?"),
    ("yuki", "How many young participants did Yuki plan for?"),
    ("maya", "What is the boiling point of tungsten in kelvin?"),
  ]

  /// What the demonstration showed, as scripts see it.
  private struct Report: Encodable {
    let imported: ImportCounts
    let startMilliseconds: Double
    let tools: [String]
    var answers: [Answer] = []

    struct Answer: Encodable {
      let user: String
      let question: String
      let reply: JSONValue
      let milliseconds: Double
    }

    private enum CodingKeys: String, CodingKey {
      case imported, tools, answers
      case startMilliseconds = "start_ms"
    }
  }

  package func run() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("recollect-demo-\(UUID().uuidString.lowercased())")
    defer { remove(folder) }
    let file = URL(fileURLWithPath: sample).appendingPathComponent("conversations.jsonl").path
    guard FileManager.default.fileExists(atPath: file) else {
      throw InputError(.wrongUse, "\(file) is not there; run this in the checkout or use --sample.")
    }
    let imported = try importSample(file, folder)
    let client = try DemoClient(serving: folder, model: model)
    var report = Report(
      imported: imported, startMilliseconds: client.startTime / .milliseconds(1),
      tools: try client.tools())
    say("Started `recollect serve`; it answered in \(client.startTime.milliseconds).")
    say("Its tools: \(report.tools.joined(separator: ", ")).\n")
    for (user, question) in Self.questions {
      report.answers.append(try ask(question, user, client))
    }
    try search(client)
    try client.close()
    say("The server ended with its input.")
    if output.json { try output.print(report) { "" } }
  }

  private func importSample(_ file: String, _ folder: URL) throws -> ImportCounts {
    let records = try JSONLines.read(file, as: Application.ImportRecord.self)
    var options = Settings.Options([.dataDirectory: folder.path])
    options.values[.model] = model
    options.values[.logLevel] = output.logLevel
    let application = try Application(try Settings(options))
    let clock = ContinuousClock()
    let start = clock.now
    let bar = ProgressBar("import")
    let counts = try application.importRecords(records) {
      bar.show($0, of: records.count, "records")
    }
    try application.close()
    say(
      "Imported \(counts.sessions) sessions and \(counts.memories) memories from \(file) in "
        + "\((clock.now - start).milliseconds).")
    return counts
  }

  private func ask(
    _ question: String, _ user: String, _ client: DemoClient
  ) throws -> Report.Answer {
    let (reply, time) = try client.call(
      "ask_question", ["question": .string(question), "user_id": .string(user)])
    say("\(user) asks: \(question)   (\(time.milliseconds))")
    if reply["answered"] == true {
      for citation in reply["citations"]?.array ?? [] {
        say("  \(percent(citation["relevance"]))  “\(citation["quote"]?.string ?? "")”")
        say("        memory \(citation["id"]?.string ?? "")")
      }
      let timings = (reply["timings"]?.object ?? [:]).sorted { $0.key < $1.key }
      say("  " + timings.map { "\($0.key) \(number($0.value))" }.joined(separator: ", ") + "\n")
    } else {
      say("  no answer: \(reply["answer"]?.string ?? "")\n")
    }
    return Report.Answer(
      user: user, question: question, reply: reply, milliseconds: time / .milliseconds(1))
  }

  private func search(_ client: DemoClient) throws {
    let query = "the trip to Lisbon"
    for user in ["maya", "amara"] {
      let (reply, time) = try client.call(
        "search_memories", ["query": .string(query), "user_id": .string(user), "limit": 3])
      say("\(user) searches: \(query)   (\(time.milliseconds))")
      for hit in reply["hits"]?.array ?? [] {
        let content = hit["memory"]?["content"]?.string ?? ""
        say(
          "  \(percent(hit["relevance"]))  meaning \(percent(hit["factors"]?["semantic"])), "
            + "words \(percent(hit["factors"]?["keyword"]))  \(content.prefix(120))")
      }
      say("")
    }
  }

  private func say(_ text: String) {
    guard !output.json else { return }
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      // Nobody reads any more (`| head`): what is left would be shown to nobody.
      Foundation.exit(ExitStatus.done.rawValue)
    }
  }

  private func percent(_ value: JSONValue?) -> String {
    switch value {
    case .number(let number): "\(Int((number * 100).rounded()))%".leftPadded(4)
    case .integer(let number): "\(number * 100)%".leftPadded(4)
    default: "   –"
    }
  }

  private func number(_ value: JSONValue) -> String {
    switch value {
    case .number(let number): String(number)
    case .integer(let number): String(number)
    default: "–"
    }
  }

  private func remove(_ folder: URL) {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      say("Could not remove \(folder.path): \(error.localizedDescription)")
    }
  }
}

extension Duration {
  /// `12.3 ms`.
  var milliseconds: String { "\(((self / .microseconds(100)).rounded()) / 10) ms" }
}
