internal import Dispatch

extension VectorCollection {
  /// Finds the nearest groups of a scope without keeping a thread of the cooperative pool busy.
  ///
  /// The search runs on a queue of the system's and sees the rows as they are when it starts; see
  /// `VectorSnapshot.search`.
  public func search(
    _ query: [Float], count: Int, in scope: SearchScope = .everything,
    _ options: SearchOptions = SearchOptions()
  ) async throws(EngineError) -> [Neighbor] {
    let result: Result<[Neighbor], EngineError> = await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async {
        let snapshot = self.snapshot()
        continuation.resume(
          returning: Result { () throws(EngineError) in
            try snapshot.search(query, count: count, in: scope, options)
          })
      }
    }
    return try result.get()
  }
}
