package import Records

/// Where sessions and memories are kept, and found by meaning and by word.
///
/// The database behind it is the truth. Each closure sees one consistent state of it, from its first
/// read to its last; what a `write` closure did is durable when `write` returns, and undone when the
/// closure throws.
package protocol MemoryBackend: Sendable {
  /// Reads records.
  func read<R>(_ body: (any MemoryReader) throws -> R) throws -> R
  /// Reads records and searches them; the index shows exactly what the records show.
  func search<R>(_ body: (any MemorySearcher) throws -> R) throws -> R
  /// Changes records, alone among all processes.
  func write<R>(_ body: (any MemoryWriter) throws -> R) throws -> R
  /// Deletes everything of a user, so that no byte of it stays in any file of the store; returns how
  /// many memories there were.
  ///
  /// - Throws: `unavailable` when a reader keeps the old pages in use; what was deleted stays so, and
  ///   erasing again finishes the work.
  func erase(_ scope: Scope) throws -> Int
}

/// The internal number of a memory; it never leaves the program.
package struct MemoryKey: Hashable, Sendable {
  package let rawValue: Int64

  package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Reading records. Everything but the owner look-ups and the administrative reads asks for a scope,
/// and answers about that scope only.
package protocol MemoryReader {
  /// Whom a session belongs to, whoever asks: for `Authority` only.
  func owner(of id: SessionID) throws -> Owner?
  /// Whom a memory belongs to, whoever asks: for `Authority` only.
  func owner(of id: MemoryID) throws -> Owner?

  /// The session that the scope names.
  func session(in scope: Scope) throws -> SessionRecord?
  /// Sessions of the user, newest activity first, then greater id first.
  func sessions(in scope: Scope, _ request: SessionPage) throws -> RecordPage<SessionRecord>

  /// The memories with these ids that are in the scope.
  func memories(_ ids: [MemoryID], in scope: Scope) throws -> [MemoryID: Memory]
  /// Memories of the scope, newest first, then greater id first.
  func memories(in scope: Scope, _ request: MemoryPage) throws -> RecordPage<Memory>
  /// Memories of the scope of some types that no other has taken the place of, the most important
  /// first, the newest of equals.
  func mostImportant(ofTypes types: [String], in scope: Scope, limit: Int) throws -> [Memory]
  /// How many memories of each type the scope holds.
  func memoryCountsByType(in scope: Scope) throws -> [String: Int]
  /// A memory of the same text (see `EqualText`), session, type and time in the user's scope.
  func memory(
    equalTo content: String, type: String, occurredAt: Timestamp?, in scope: Scope
  ) throws -> (key: MemoryKey, memory: Memory)?

  /// The versions of a memory before today's, oldest first.
  func history(of id: MemoryID, in scope: Scope) throws -> [MemoryVersion]
  /// How much of what passes the filter the scope holds.
  func memoryStatistics(in scope: Scope, _ filter: MemoryFilter) throws -> MemoryStatistics

  /// Counts over everything, an active session being one that is neither expired nor overdue.
  func systemCounts(
    _ leave: AdministrativeScope, activeSince cutoff: Timestamp
  ) throws -> SystemCounts

  /// Every user that has stored something, by name.
  func users(_ leave: AdministrativeScope) throws -> [UserID]
  /// All sessions of the user, in the order of their making.
  func allSessions(in scope: Scope) throws -> [SessionRecord]
  /// Memories of the user in the order of their making, after a certain one.
  func allMemories(in scope: Scope, after: PageCursor?, limit: Int) throws -> [Memory]

  /// The vectors that the user has stored for these contents, in whatever memory.
  func embeddings(of contents: [String], in scope: Scope) throws -> [ExactText: StoredEmbedding]
  /// Memories that have no vector yet, oldest first.
  func memoriesWithoutVector(_ leave: AdministrativeScope, limit: Int) throws -> [PendingMemory]
  /// Which embedder's vectors are stored, once there are any.
  func storedEmbedder() throws -> EmbedderIdentity?
  /// Which version the tables have.
  func schemaVersion() throws -> Int
}

/// Searching, and reading the records of the same moment.
package protocol MemorySearcher {
  /// The records that the search sees.
  var records: any MemoryReader { get }
  /// How much the index holds.
  var indexedCounts: IndexedCounts { get }
  /// The memories nearest to a vector: min(`count`, memories in scope that have a vector and pass
  /// the filter), by the similarity of each one's nearest passage; the very nearest first, the others in
  /// no particular order.
  func nearest(
    to vector: [Float], count: Int, in scope: Scope, _ filter: MemoryFilter
  ) throws -> [Candidate]
  /// How near certain memories of the scope are to a vector; those without a vector are left out.
  func similarities(
    of keys: [MemoryKey], to vector: [Float], in scope: Scope
  ) throws -> [Candidate]
  /// Where the nearest passages of candidates stand in their contents.
  func spans(of candidates: [Candidate], in scope: Scope) throws -> [MemoryKey: TextSpan]
  /// The memories that share a term with the text, or stand beside one that does, by BM25 over the
  /// scope, descending; each a share of what there could be.
  ///
  /// - Parameters:
  ///   - count: how many at most.
  ///   - holdingWords: whether only memories that hold a term themselves are wanted.
  func matching(
    _ text: String, count: Int, holdingWords: Bool, in scope: Scope, _ filter: MemoryFilter
  ) throws -> WordMatches
  /// Which share of a text's words each piece holds, 0 to 1, rare words of the scope weighing more
  /// than common ones.
  func coverage(of text: String, by pieces: [String], in scope: Scope) throws -> [Double]
  /// The records of candidates.
  func memories(_ keys: [MemoryKey], in scope: Scope) throws -> [MemoryKey: Memory]

  /// Groups memories by what they are about: at most `count` groups, the largest first, in each the
  /// most typical first, scored by how near it is to the group's middle. Memories without a vector
  /// are in none; of more than `sample` the newest are taken.
  func clusters(
    _ count: Int, in scope: Scope, _ filter: MemoryFilter, sample: Int
  ) throws -> [[Candidate]]
  /// The words by which the texts of each group differ from those of the others, the most telling
  /// first, as they are written most often.
  func tellingWords(of groups: [[String]], count: Int) -> [[String]]
}

/// Changing records.
package protocol MemoryWriter: MemoryReader {
  func insert(_ session: SessionRecord) throws
  /// Stores name, metadata, activity, expiry and the number of interactions.
  func update(_ session: SessionRecord) throws
  /// Gives every active session of all users that is overdue its time of expiry; returns how many.
  func expireOverdueSessions(
    _ leave: AdministrativeScope, timeout: Double, at now: Timestamp
  ) throws -> Int

  /// Deletes the session of the scope, and its memories when asked; returns how many of those. Kept
  /// memories keep the session's id as their origin.
  func deleteSession(in scope: Scope, withMemories: Bool) throws -> Int
  /// Deletes the sessions of all users that expired before a moment; returns how many.
  func purgeSessions(
    _ leave: AdministrativeScope, expiredBefore cutoff: Timestamp, withMemories: Bool
  ) throws -> Int

  func insert(_ memory: Memory, _ embedding: StoredEmbedding?) throws
  /// Stores the earlier versions of a memory that was just inserted.
  func insert(_ versions: [MemoryVersion], of id: MemoryID, in scope: Scope) throws
  /// Stores a new version of a memory, keeping the one before. The vector is replaced when one is
  /// given, dropped when the content changed, and kept otherwise.
  func update(_ memory: Memory, _ embedding: StoredEmbedding?) throws
  /// Stores only the metadata of a memory, as merging does.
  func updateMetadata(of memory: Memory) throws
  /// Deletes a memory of the scope and its history; false when there is none.
  func delete(_ id: MemoryID, in scope: Scope) throws -> Bool
  /// Deletes the memories of a scope, or those of certain types; returns how many there were.
  func deleteMemories(in scope: Scope, types: [String]?) throws -> Int
  /// Deletes what has expired by itself, of all users; returns how many there were.
  func deleteExpiredMemories(_ leave: AdministrativeScope) throws -> Int
  /// Notes that a memory of the scope was superseded by another.
  func setSuccessor(of old: MemoryID, to new: MemoryID, in scope: Scope) throws
  /// Gives a memory its vector, unless it is gone or has been changed since it was read.
  func setEmbedding(
    _ leave: AdministrativeScope, _ embedding: StoredEmbedding, of pending: PendingMemory
  ) throws
  /// Records which embedder's vectors are stored.
  func setStoredEmbedder(_ identity: EmbedderIdentity) throws
  /// Adds what searches have touched since the last time. A session that was already overdue when it
  /// was touched is not revived.
  func apply(
    _ leave: AdministrativeScope, _ touches: Touches, sessionTimeout: Double
  ) throws
  /// Writes a value of no meaning and reads it back.
  func probe(_ value: String) throws -> Bool
}

/// How many memories can be found by word, and how many by meaning.
package struct IndexedCounts: Hashable, Sendable {
  package let memories: Int
  package let vectors: Int

  package init(memories: Int, vectors: Int) {
    self.memories = memories
    self.vectors = vectors
  }
}

/// Which embedding model a store's vectors come from.
package struct EmbedderIdentity: Hashable, Sendable, Codable {
  package let name: String
  package let dimension: Int

  package init(name: String, dimension: Int) {
    self.name = name
    self.dimension = dimension
  }
}

/// What is stored of a memory's meaning: a vector for each of its passages.
package struct StoredEmbedding: Hashable, Sendable {
  /// A part of the content and its vector.
  package struct Passage: Hashable, Sendable {
    package let span: TextSpan
    package let vector: [Float]

    package init(span: TextSpan, vector: [Float]) {
      self.span = span
      self.vector = vector
    }
  }

  /// At least one, in the order of the content; together they hold all of it.
  package let passages: [Passage]

  package init(passages: [Passage]) {
    self.passages = passages
  }
}

/// A memory whose vector is missing.
package struct PendingMemory: Hashable, Sendable {
  package let key: MemoryKey
  package let content: String

  package init(key: MemoryKey, content: String) {
    self.key = key
    self.content = content
  }
}

/// A memory that a search considers, and how well it did.
package struct Candidate: Hashable, Sendable {
  package let key: MemoryKey
  package let score: Double
  /// Which of its passages is the nearest, counted from 0, and how many it has; one when it was found
  /// by word.
  package let passage: Int
  package let passageCount: Int

  package init(key: MemoryKey, score: Double, passage: Int = 0, passageCount: Int = 1) {
    self.key = key
    self.score = score
    self.passage = passage
    self.passageCount = passageCount
  }
}

/// What a search by word found, and where the memories of its scope stand.
package struct WordMatches {
  package let candidates: [Candidate]
  /// What is around memories of the scope, whether they matched or not, in the order asked; each is
  /// asked about once.
  package let places: ([MemoryKey]) -> [MemoryPlace?]

  package init(candidates: [Candidate], places: @escaping ([MemoryKey]) -> [MemoryPlace?]) {
    self.candidates = candidates
    self.places = places
  }
}

/// What is around a memory.
package struct MemoryPlace: Hashable, Sendable {
  /// Those just before and after it in its session; nil at its ends, and without one.
  package let previous: MemoryKey?
  package let next: MemoryKey?
  /// Its own score by word; 0 when it is no match.
  package let keyword: Double
  /// Which share of the query's words its session holds, rare ones weighing more.
  package let coverage: Double
  /// Which share of its text asks.
  package let questionShare: Double

  package init(
    previous: MemoryKey?, next: MemoryKey?, keyword: Double, coverage: Double,
    questionShare: Double
  ) {
    self.previous = previous
    self.next = next
    self.keyword = keyword
    self.coverage = coverage
    self.questionShare = questionShare
  }
}

/// What searches have touched, gathered until the next time it is stored.
package struct Touches: Hashable, Sendable {
  /// How often, and when last.
  package struct Access: Hashable, Sendable {
    package var count: Int
    package var last: Timestamp
  }

  package private(set) var memories: [MemoryID: Access] = [:]
  package private(set) var sessions: [SessionID: Timestamp] = [:]

  package init() {}

  package var isEmpty: Bool { memories.isEmpty && sessions.isEmpty }

  /// Notes that a search showed a memory.
  package mutating func touch(_ id: MemoryID, at now: Timestamp) {
    memories[id, default: Access(count: 0, last: now)].count += 1
    memories[id]?.last = now
  }

  /// Adds what an earlier gathering holds.
  package mutating func merge(earlier: Touches) {
    for (id, access) in earlier.memories {
      memories[id, default: Access(count: 0, last: access.last)].count += access.count
    }
    sessions.merge(earlier.sessions) { new, _ in new }
  }

  /// Notes that a search looked into a session.
  package mutating func touch(_ id: SessionID, at now: Timestamp) {
    sessions[id] = now
  }
}
