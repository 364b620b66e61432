import EmbeddedBackend
import Embeddings
import Foundation
import Records
import Retrieval

/// Users with sessions of turns, the same again for the same numbers: what is said in a session is near
/// its topic, words are as frequent as those of a language, and one turn in five asks.
struct Population: Sendable {
  static let dimension = 384
  private static let turns = 50
  private static let batch = 2_000
  private static let vocabulary = 20_000
  private static let start: Int64 = 1_770_000_000_000
  /// As of when searches are answered.
  static let now = Timestamp(milliseconds: start + 40 * 86_400_000)

  let users: Int
  let memories: Int

  func user(_ number: Int) -> UserID { UserID(stored: "user-\(number)") }

  /// The folder of the store, which is made once.
  func store(in folder: URL) throws -> URL {
    let place = folder.appendingPathComponent("search-\(users)-\(memories)")
    let mark = place.appendingPathComponent("complete")
    if FileManager.default.fileExists(atPath: mark.path) { return place }
    try? FileManager.default.removeItem(at: place)
    print("making \(users * memories) memories in \(place.path)")
    let store = try EmbeddedStore(directory: place)
    try store.write {
      try $0.setStoredEmbedder(.init(name: GivenQueries.name, dimension: Self.dimension))
    }
    // As life brings them: a session of each user, then the next of each.
    for session in 0..<(memories + Self.turns - 1) / Self.turns {
      try add(session, to: store)
      try store.settleIndex()
    }
    try store.settleIndex()
    try store.close()
    try Data().write(to: mark)
    return place
  }

  private func add(_ session: Int, to store: EmbeddedStore) throws {
    let each = max(1, Self.batch / Self.turns)
    for first in stride(from: 0, to: users, by: each) {
      try store.write { writer in
        for user in first..<min(first + each, users) { try add(session, of: user, with: writer) }
      }
    }
  }

  private func add(_ session: Int, of user: Int, with writer: any MemoryWriter) throws {
    let turns = session * Self.turns..<min((session + 1) * Self.turns, memories)
    let began = Timestamp(milliseconds: time(user, turns.lowerBound))
    let id = SessionID.make()
    try writer.insert(
      SessionRecord(
        id: id, user: self.user(user), name: "session \(session)", createdAt: began,
        lastActivity: began))
    for turn in turns {
      let memory = Memory(
        id: .make(), user: self.user(user), session: id, content: text(user, turn),
        createdAt: Timestamp(milliseconds: time(user, turn)))
      let span = TextSpan(start: 0, end: memory.content.utf8.count)
      try writer.insert(
        memory, StoredEmbedding(passages: [.init(span: span, vector: vector(user, turn))]))
    }
  }

  private func time(_ user: Int, _ turn: Int) -> Int64 {
    Self.start + Int64(turn / Self.turns) * 86_400_000 + Int64(turn % Self.turns) * 60_000
      + Int64(user)
  }

  // MARK: What is said

  func text(_ user: Int, _ turn: Int) -> String {
    var random = Random(seed: UInt64(user) << 32 | UInt64(turn))
    let words = (0..<8 + Int(random.next() % 16)).map { _ in Self.word(&random) }
    return "Turn \(turn): \(words.joined(separator: " "))\(turn % 5 == 0 ? "?" : ".")"
  }

  /// Frequent words are frequent: the rank of a word is the vocabulary to a random power.
  private static func word(_ random: inout Random) -> String {
    let rank = Int(pow(Double(vocabulary), random.unit()))
    return "word\(rank)"
  }

  func vector(_ user: Int, _ turn: Int) -> [Float] {
    var topic = Random(seed: 0xA5A5_0000_0000_0000 | UInt64(user) << 32 | UInt64(turn / Self.turns))
    var own = Random(seed: 0x5A5A_0000_0000_0000 | UInt64(user) << 32 | UInt64(turn))
    return Self.normalized((0..<Self.dimension).map { _ in topic.signed() + 1.5 * own.signed() })
  }

  /// A question that one of the user's turns answers: half its words, and a vector that is near.
  func query(_ number: Int) -> (user: Int, turn: Int, text: String, vector: [Float]) {
    var random = Random(seed: 0xF0F0_0000_0000_0000 | UInt64(number))
    let user = number % users
    let turn = Int(random.next() % UInt64(memories))
    let words = text(user, turn).dropLast().split(separator: " ").dropFirst(2)
    let asked = words.enumerated().filter { $0.offset % 2 == 0 }.map { String($0.element) }
    let near = vector(user, turn).map { $0 + 0.03 * random.signed() }
    return (
      user, turn, "What about \(asked.joined(separator: " ")) \(number)?", Self.normalized(near)
    )
  }

  private static func normalized(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / length }
  }
}

/// Numbers without order, the same again for the same seed (SplitMix64).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// 0 to 1.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

  /// -1 to 1.
  mutating func signed() -> Float { Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23) }
}

/// Knows the vectors of the queries, so that embedding takes no part in what is measured.
struct GivenQueries: Embedder {
  static let name = "given"
  let model = EmbeddingModel(name: name, dimension: Population.dimension, maximumTokens: 512)
  let vectors: [String: [Float]]

  func embed(_ texts: [String]) throws(EmbeddingError) -> [Embedding] {
    texts.map { text in
      guard let vector = vectors[text] else { preconditionFailure("\(text) was not announced") }
      return Embedding(vector: vector, tokenCount: 25, embeddedCharacters: text.count)
    }
  }

  func passages(of text: String) -> [Passage] {
    [Passage(text: text, span: TextSpan(start: 0, end: text.unicodeScalars.count))]
  }
}
