internal import Embeddings
package import LanguageModels
package import Records
package import Retrieval

/// Looks whether every part of the service really works.
package struct HealthService: Sendable {
  /// How a part is.
  package enum Status: String, Sendable, Codable, CaseIterable {
    case ok
    case degraded
    case failing
  }

  /// One part that was tried.
  package struct Part: Hashable, Sendable, Codable {
    package let name: String
    package let status: Status
    package let detail: String
    /// How long the trial took, in milliseconds.
    package let latency: Double

    private enum CodingKeys: String, CodingKey {
      case name, status, detail
      case latency = "latency_ms"
    }
  }

  /// What was found.
  package struct Report: Hashable, Sendable {
    package let status: Status
    package let parts: [Part]
  }

  private let backend: any MemoryBackend
  private let embedding: TextEmbedding
  private let rules: SessionRules
  private let sweeps: SweepRecord
  private let answerModel: String
  private let model: (any AnswerModel)?
  private let availableBytes: @Sendable () throws -> Int64
  private let readOnly: Bool
  private let log: @Sendable (String) -> Void
  private let clock: @Sendable () -> Timestamp

  /// - Parameter readOnly: where nothing may be written, not even to try it.
  /// - Parameter answerModel: who answers questions.
  /// - Parameter model: the remote one, which answers or only extracts facts, where there is one.
  /// - Parameter log: told what a part that fails says of itself.
  /// - Parameter availableBytes: how much room the volume of the data directory has.
  package init(
    backend: any MemoryBackend, embedding: TextEmbedding, rules: SessionRules,
    sweeps: SweepRecord, answerModel: String, model: (any AnswerModel)? = nil,
    readOnly: Bool = false,
    availableBytes: @escaping @Sendable () throws -> Int64,
    log: @escaping @Sendable (String) -> Void,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.embedding = embedding
    self.rules = rules
    self.sweeps = sweeps
    self.answerModel = answerModel
    self.model = model
    self.readOnly = readOnly
    self.log = log
    self.availableBytes = availableBytes
    self.clock = clock
  }

  /// Less room than this is worth a warning: a checkpoint must be able to write its pages.
  private static let scarceBytes: Int64 = 100 << 20

  /// Tries every part.
  package func check(caller: Caller) -> Report {
    let parts = [
      part("database", database), part("index") { try index(caller) },
      part("sessions") { try sessions(caller) },
      part("embedder", embedder), part("answer_model", remoteModel),
      part("disk", disk),
    ]
    let worst: Status =
      if parts.contains(where: { $0.status == .failing }) {
        .failing
      } else if parts.contains(where: {
        $0.status == .degraded
      }) { .degraded } else { .ok }
    return Report(status: worst, parts: parts)
  }

  private func part(_ name: String, _ trial: () throws -> (Status, String)) -> Part {
    let timer = ContinuousClock()
    let start = timer.now
    var found: (Status, String)
    do {
      found = try trial()
    } catch let error as ServiceError {
      found = (.failing, error.message)
    } catch {
      // What went wrong inside is for the log; a caller learns which part it is.
      log("health of \(name): \(error)")
      found = (.failing, "does not work; the server's log says why")
    }
    let microseconds = ((timer.now - start) / .microseconds(1)).rounded()
    return Part(name: name, status: found.0, detail: found.1, latency: microseconds / 1000)
  }

  private func database() throws -> (Status, String) {
    // Refused where a newer program has changed the tables meanwhile.
    let version = try backend.read { try $0.schemaVersion() }
    if readOnly { return (.ok, "read; nothing may be written; schema version \(version)") }
    let mark = "\(clock())"
    let came = try backend.write { try $0.probe(mark) }
    return came
      ? (.ok, "written and read back; schema version \(version)")
      : (.failing, "what was written did not come back")
  }

  private func index(_ caller: Caller) throws -> (Status, String) {
    let counts = try backend.search { $0.indexedCounts }
    // How much others store is not a bound caller's to know.
    guard case .unbound = caller else { return (.ok, "in step with the database") }
    let words = "\(counts.memories) memories by word, \(counts.vectors) by meaning"
    return counts.vectors < counts.memories
      ? (.degraded, words + "; the missing vectors are made once there is a model") : (.ok, words)
  }

  private func sessions(_ caller: Caller) throws -> (Status, String) {
    guard rules.isTracking else { return (.ok, "tracking off") }
    let sweep = sweeps.last.map { "last sweep \($0)" } ?? "no sweep yet"
    // Counts over all users are an administrator's to see.
    guard case .unbound = caller else { return (.ok, "tracking on, \(sweep)") }
    let leave = try Authority.administration(for: caller)
    let counts = try backend.read {
      try $0.systemCounts(leave, activeSince: rules.activeSince(clock()))
    }
    return (
      .ok,
      "tracking on, \(counts.activeSessions) active, "
        + "\(counts.overdueSessions) overdue, \(sweep)"
    )
  }

  private func embedder() throws -> (Status, String) {
    guard let embedder = try embedding.embedder() else {
      return (.degraded, "no model: search is by keyword until `recollect model install` has run")
    }
    if let stored = try backend.read({ try $0.storedEmbedder() }), stored != embedder.identity {
      return (
        .failing, "the store's vectors were made by \(stored.name), this is \(embedder.model.name)"
      )
    }
    let vector = try embedder.embed(["health"])[0].vector
    return vector.count == embedder.model.dimension
      ? (.ok, "\(embedder.model.name), \(embedder.model.dimension) dimensions")
      : (.failing, "vectors have the wrong dimension")
  }

  /// Everything but this model's own work goes on without it.
  private func remoteModel() throws -> (Status, String) {
    guard let model else { return (.ok, answerModel) }
    let words =
      answerModel == model.name ? model.name : "\(answerModel); \(model.name) extracts facts"
    do throws(ModelFailure) {
      try model.probe()
      return (.ok, words)
    } catch {
      return (.degraded, "\(words): it \(error.reason)")
    }
  }

  private func disk() throws -> (Status, String) {
    let bytes = try availableBytes()
    return (bytes < Self.scarceBytes ? .degraded : .ok, "\(bytes >> 20) MiB free")
  }
}
