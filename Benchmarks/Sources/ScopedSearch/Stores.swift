import Foundation
import VectorEngine

/// The same rows twice: sealed in a folder and searched through its mapping, and in memory only.
struct Stores {
  let sealed: VectorSnapshot
  let buffered: VectorSnapshot

  /// Makes the rows, writes them to `base.npy` for other engines, and builds both collections.
  init(_ population: Population, in folder: URL) throws {
    let configuration = try VectorCollection.Configuration(dimension: population.dimension)
    let index = folder.appendingPathComponent("index")
    let sealing = try VectorCollection(at: index, configuration)
    let inMemory = VectorCollection(configuration)
    let file = try ArrayFile(
      folder.appendingPathComponent("base.npy"), type: "<f4",
      shape: [population.userStarts[population.userCount], population.dimension])
    for user in 0..<population.userCount {
      let vectors = population.vectors(ofUser: user)
      try file.append(vectors)
      let batch = VectorBatch(
        ids: population.rows(ofUser: user).map(UInt64.init),
        scopes: Self.scopes(population, user), rows: vectors)
      try sealing.upsert(batch)
      try inMemory.upsert(batch)
    }
    try sealing.flush()
    let opened = try VectorCollection(opening: index)
    // Chunks are checked and mapped when they are first touched; here that happens before timing.
    try opened.verify()
    sealed = opened.snapshot()
    buffered = inMemory.snapshot()
  }

  private static func scopes(_ population: Population, _ user: Int) -> [RowScope] {
    let key = Population.key(ofUser: user)
    return population.sessions(ofUser: user).flatMap { session in
      let rows = population.sessionStarts[session]..<population.sessionStarts[session + 1]
      return rows.map { _ in RowScope(user: key, session: Population.key(ofSession: session)) }
    }
  }
}
