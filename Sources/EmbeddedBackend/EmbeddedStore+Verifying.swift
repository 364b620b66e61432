internal import GRDB
internal import LexicalIndex
internal import Records
internal import VectorEngine

/// Whether the index beside the database is what the database makes of it.
extension EmbeddedStore {
  /// How index and database compare.
  package struct IndexReport: Hashable, Sendable {
    /// Vectors of the database that a search should find.
    package var vectors = 0
    /// Memories that it should find by their words.
    package var memories = 0
    /// Vectors and memories that the index lacks.
    package var missing = 0
    /// Those whose user, session, time, memory, vector or words are others in the index.
    package var different = 0
    /// Rows of the index that the database does not have.
    package var surplus = 0
    /// The first of them, in words.
    package var examples: [String] = []
    /// Why the folder could not be used as it was found, so that it was built again before the rest was
    /// compared.
    package var damage: String?

    package var agrees: Bool { missing == 0 && different == 0 && surplus == 0 }
  }

  /// Checks every byte of the index, and compares it with the database row by row.
  ///
  /// What is found damaged is built again before it is compared; the report says so.
  package func verifyIndex() throws -> IndexReport {
    // Before anybody searches, which would mend it.
    let damage = try damageOfIndex()
    var report = try withIndex { turn in
      try pool.read { db in
        try Schema.checkUnchanged(db)
        return try turn.withParts(of: db) { part, terms in
          var report = IndexReport()
          report.vectors = try report.compare(part(.vectors).collection, .cosine, "passage") {
            try VectorRows().read(nil, db, $0)
          }
          do {
            let words = part(.words).collection
            report.memories = try report.compare(words, terms.metric, "entry") { body in
              try terms.readTexts(nil, db) { batch, _ in try body(batch) }
            }
            try report.compareWords(words, terms, db)
          } catch let error as EngineError {
            throw DerivedIndex.DamagedWords(error: error)
          }
          return report
        }
      }
    }
    report.damage = damage
    return report
  }

  /// What keeps the folders from being the index; nil when nothing does, or there are none.
  private func damageOfIndex() throws -> String? {
    for index in PublishedIndex.all(in: indexFolder) {
      do {
        let published = try VectorCollection.published(at: index.url)
        let collection = try index.collection()
        try collection.verify()
        if index.part == .words {
          for segment in collection.snapshot().sealedSegments { try SealedTerms.check(segment) }
        }
        if let objection = try pool.read({ try index.objection(to: published, $0) }) {
          return objection.rawValue
        }
      } catch let error as EngineError where error.code != .inputOutput {
        return error.message
      }
    }
    return nil
  }
}

extension EmbeddedStore.IndexReport {
  /// Compares the rows of a collection with those that the database makes.
  ///
  /// - Returns: how many the database has.
  fileprivate mutating func compare(
    _ collection: VectorCollection?, _ metric: Metric, _ noun: String,
    _ read: ((VectorBatch) throws -> Void) throws -> Void
  ) throws -> Int {
    try collection?.verify()
    var count = 0
    let missingBefore = missing
    try read { batch in
      count += batch.ids.count
      try compare(batch, collection, metric, noun)
    }
    surplus += (collection?.statistics.rows ?? 0) - (count - (missing - missingBefore))
    return count
  }

  /// A collection of the batch alone tells what the engine makes of it, which must be the same bit for
  /// bit.
  private mutating func compare(
    _ batch: VectorBatch, _ collection: VectorCollection?, _ metric: Metric, _ noun: String
  ) throws {
    let expected = VectorCollection(
      try .init(dimension: batch.rows.count / batch.ids.count, metric: metric))
    try expected.upsert(batch)
    let wanted = try expected.rows(withIDs: batch.ids)
    let found = try collection?.rows(withIDs: batch.ids) ?? batch.ids.map { _ in nil }
    for (wanted, found) in zip(wanted, found) where wanted != found {
      if found == nil { missing += 1 } else { different += 1 }
      guard let wanted else { continue }
      let passage = PassageRow(row: wanted.id)
      note(
        "\(noun) \(passage.passage) of memory \(passage.memory) is "
          + (found == nil ? "missing" : "another one"))
    }
  }

  private mutating func note(_ example: String) {
    if examples.count < 10 { examples.append(example) }
  }

  /// Compares the terms of every row with those of the text, wherever they lie.
  fileprivate mutating func compareWords(
    _ collection: VectorCollection?, _ terms: TermRows, _ db: Database
  ) throws {
    for segment in collection?.snapshot().sealedSegments ?? [] {
      try SealedTerms.check(segment)
      try SealedTerms.forEachStep(of: segment) { step in
        let found = Dictionary(uniqueKeysWithValues: step.map { ($0.id, $0.content) })
        try terms.readTexts(step.map { Int64($0.id) }, db) { batch, texts in
          for (id, text) in zip(batch.ids, texts) { compare(found[id], with: text, of: id) }
        }
      }
    }
    let recent = terms.recent
    try terms.readTexts(recent.ids.map { Int64($0) }, db) { batch, texts in
      for ((id, text), content) in zip(zip(batch.ids, texts), recent.contents(of: batch.ids)) {
        compare(content, with: text, of: id)
      }
    }
  }

  private mutating func compare(
    _ found: SealedTerms.Content?, with text: String, of id: UInt64
  ) {
    guard found != SealedTerms.Content(text) else { return }
    different += 1
    note("the words of memory \(id) are others")
  }
}
