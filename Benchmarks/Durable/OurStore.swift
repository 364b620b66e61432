import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import Records
import Retrieval
import Synchronization

/// The store of this project, as its services use it.
struct OurStore {
  private let folder: URL
  private let store: EmbeddedStore
  private let memories: MemoryService

  init(_ folder: URL) throws {
    self.folder = folder
    let store = try EmbeddedStore(directory: folder)
    self.store = store
    let embedder = GivenVectors()
    memories = MemoryService(
      backend: store, embedding: TextEmbedding { embedder }, rules: SessionRules(),
      touches: TouchBuffer())
  }

  func close() throws { try store.close() }

  /// What all files take.
  func bytes() throws -> Int {
    guard let files = FileManager.default.enumerator(atPath: folder.path) else { return 0 }
    return try files.reduce(0) { sum, name in
      let path = folder.appendingPathComponent("\(name)").path
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      return sum + ((attributes[.size] as? NSNumber)?.intValue ?? 0)
    }
  }

  /// Adds through the whole service from several threads, each waiting for its acknowledgement.
  func add(writers: Int, for seconds: Double) throws -> Pace {
    let sample = Sample(seed: 2)
    let added = Mutex(0)
    let failure = Mutex<(any Error)?>(nil)
    let threads = DispatchGroup()
    let watch = Stopwatch()
    for writer in 0..<writers {
      threads.enter()
      Thread.detachNewThread { [memories] in
        defer { threads.leave() }
        var number = writer * 1_000_000
        do {
          while watch.elapsed < seconds {
            _ = try memories.add(
              MemoryService.Draft(content: sample.text(number)), caller: .unbound(default: nil),
              user: UserID(stored: "user\(writer)"), session: nil)
            number += 1
            added.withLock { $0 += 1 }
          }
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    threads.wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
    return watch.pace(of: added.withLock { $0 })
  }

  private static let batch = 2_000

  /// Stores rows with their vectors and brings the index up to date; what each of the two took.
  func addAll(_ count: Int, _ sample: Sample) throws -> (storing: Account, indexing: Account) {
    var storing = Account()
    for first in stride(from: 0, to: count, by: Self.batch) {
      // Making the rows takes no part.
      let rows = (first..<min(first + Self.batch, count)).map { number in
        (
          memory: Memory(
            id: .make(), user: UserID(stored: "user\(number % 50)"), content: sample.text(number),
            createdAt: Timestamp(milliseconds: 1_790_000_000_000 + Int64(number))),
          vector: StoredEmbedding(passages: [
            .init(span: TextSpan(start: 0, end: 100), vector: sample.vector(number))
          ])
        )
      }
      try storing.measure {
        try store.write { writer in
          for row in rows { try writer.insert(row.memory, row.vector) }
        }
      }
    }
    var indexing = Account()
    let indexed = try indexing.measure { try store.search { $0.indexedCounts } }
    precondition(indexed.vectors == count, "the index does not hold what was imported")
    return (storing, indexing)
  }
}
