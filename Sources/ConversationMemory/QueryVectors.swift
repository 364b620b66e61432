internal import Records
internal import Retrieval
internal import Synchronization

/// The vectors of the latest queries, each for the user who asked: were they shared, the speed of an
/// answer would tell what others have asked.
final class QueryVectors: Sendable {
  private struct Key: Hashable {
    let user: UserID
    let text: ExactText
    let embedder: EmbedderIdentity
  }

  private struct Entry {
    let vector: [Float]
    var lastUse: UInt64
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var uses: UInt64 = 0
  }

  private let state = Mutex(State())

  /// How many are kept: some hundred kilobytes.
  private static let capacity = 256

  func vector(of text: String, _ user: UserID, _ embedder: EmbedderIdentity) -> [Float]? {
    let key = Key(user: user, text: ExactText(text), embedder: embedder)
    return state.withLock { state in
      state.uses += 1
      guard let place = state.entries.index(forKey: key) else { return nil }
      state.entries.values[place].lastUse = state.uses
      return state.entries.values[place].vector
    }
  }

  func add(
    _ vector: [Float], of text: String, _ user: UserID, _ embedder: EmbedderIdentity
  ) {
    let key = Key(user: user, text: ExactText(text), embedder: embedder)
    state.withLock { state in
      state.uses += 1
      state.entries[key] = Entry(vector: vector, lastUse: state.uses)
      guard state.entries.count > Self.capacity else { return }
      // Half of them at once, so that looking for the oldest is rare.
      let uses = state.entries.values.map(\.lastUse).sorted()
      let oldest = uses[uses.count / 2]
      state.entries = state.entries.filter { $0.value.lastUse >= oldest }
    }
  }

  func forget(_ user: UserID) {
    state.withLock { state in
      state.entries = state.entries.filter { $0.key.user != user }
    }
  }
}
