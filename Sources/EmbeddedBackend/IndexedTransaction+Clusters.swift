internal import GRDB
internal import LexicalIndex
internal import Records
internal import Retrieval
internal import VectorEngine

extension IndexedTransaction {
  /// A memory is where its first passage is: what a text begins with says what it is about.
  func clusters(
    _ count: Int, in scope: Scope, _ filter: MemoryFilter, sample: Int
  ) throws -> [[Candidate]] {
    var condition = try transaction.condition(
      Condition.memories(in: scope, at: transaction.now), filter)
    condition.add("memories.superseded_by IS NULL AND memories.has_vector = 1")
    let rows = try Row.fetchCursor(
      transaction.db,
      sql: """
        SELECT memories.id AS id, embeddings.vector AS vector
        FROM memories JOIN users ON users.id = memories.user
          JOIN embeddings ON embeddings.id = memories.id
        WHERE \(condition.sql) ORDER BY memories.created_at DESC, memories.id DESC LIMIT ?
        """, arguments: condition.arguments + [sample])
    var keys: [MemoryKey] = []
    var vectors: [Float] = []
    while let row = try rows.next() {
      let length = vectors.count
      VectorBytes.append(row["vector"], to: &vectors)
      guard vectors.count > length, keys.isEmpty || vectors.count - length == length / keys.count
      else {
        let memory: Int64 = row["id"]
        throw StorageError(
          .damaged, "The vector of memory \(memory) has not as many elements as others.")
      }
      keys.append(MemoryKey(rawValue: row["id"]))
    }
    guard !keys.isEmpty else { return [] }
    let groups = SphericalKMeans(vectors, dimension: vectors.count / keys.count, count: count)
    var clusters = [[Candidate]](repeating: [], count: groups.sizes.count)
    for (position, group) in groups.assignment.enumerated() {
      clusters[group].append(
        Candidate(key: keys[position], score: Double(groups.similarities[position])))
    }
    return clusters.map { $0.sorted { $0.score > $1.score } }
  }

  func tellingWords(of groups: [[String]], count: Int) -> [[String]] {
    TellingWords.of(groups, count: count)
  }
}
