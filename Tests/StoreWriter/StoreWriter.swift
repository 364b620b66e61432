import ConversationMemory
import EmbeddedBackend
import Foundation
import Records
import Retrieval
import Synchronization

/// A process that writes to a data directory through the store alone, for tests that need many of them:
///
///   StoreWriter <directory> <writes> <pages of the log before a checkpoint>
///
/// Three threads write, one reads; each text is printed, a line for each, once it is durable.
@main
enum StoreWriter {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let writes = Int(arguments[2]), let pages = Int(arguments[3]) else {
      print("usage: StoreWriter <directory> <writes> <pages>")
      exit(2)
    }
    let store = try EmbeddedStore(
      directory: URL(fileURLWithPath: arguments[1]), pagesBeforeCheckpoint: pages)
    let writers = DispatchGroup()
    let isOver = Mutex(false)
    for thread in 0..<3 {
      writers.enter()
      Thread.detachNewThread {
        write(store, writes, "\(ProcessInfo.processInfo.processIdentifier)-\(thread)")
        writers.leave()
      }
    }
    let reader = DispatchGroup()
    reader.enter()
    Thread.detachNewThread {
      while !isOver.withLock({ $0 }) { orEnd { try read(store) } }
      reader.leave()
    }
    writers.wait()
    isOver.withLock { $0 = true }
    reader.wait()
    try store.close()
  }

  private static func write(_ store: EmbeddedStore, _ count: Int, _ name: String) {
    for number in 0..<count {
      // Of very different lengths, so that commits have few and many pages.
      let length = [1, 40, 900, 4_000][Int.random(in: 0..<4)]
      let text = "\(name)-\(number)"
      let memory = Memory(
        id: .make(), user: UserID(stored: "ana"),
        content: text + String(repeating: " lorem", count: length), createdAt: .now())
      orEnd {
        try store.write { try $0.insert(memory, nil) }
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
      }
    }
  }

  private static func read(_ store: EmbeddedStore) throws {
    let counts = try store.read {
      try $0.systemCounts(Authority.maintenance, activeSince: .now())
    }
    guard counts.memories == counts.lifetimeMemories else {
      throw StorageError(
        .damaged, "\(counts.memories) memories, \(counts.lifetimeMemories) counted")
    }
  }

  private static func orEnd(_ work: () throws -> Void) {
    do {
      try work()
    } catch {
      FileHandle.standardError.write(Data("StoreWriter: \(error)\n".utf8))
      exit(1)
    }
  }
}
