import Foundation
import Records
import Synchronization
import TestSupport

/// Several servers on one directory, each spoken to by a thread of its own.
final class Flock {
  let directory: URL
  private(set) var servers: [ServerProcess] = []

  init(_ directory: URL, count: Int) throws {
    // Writing to a server that was killed is an error like others, and no end of the tests.
    signal(SIGPIPE, SIG_IGN)
    self.directory = directory
    for _ in 0..<count { servers.append(try ServerProcess(directory)) }
  }

  func replace(_ number: Int) throws { servers[number] = try ServerProcess(directory) }

  /// What one server did in a while.
  struct Account: Sendable {
    /// Texts that were acknowledged, and their ids.
    var acknowledged: [String: String] = [:]
    /// Ids whose deletion was acknowledged.
    var deleted: Set<String> = []
    /// Texts that were sent and not answered.
    var unanswered: Set<String> = []
    /// Ids whose deletion was asked for and not answered.
    var undecided: Set<String> = []
    var searches = 0
    /// Answers that no server may give.
    var wrong: [String] = []
    var isOver = false
  }

  /// Lets every server write, delete and search while the body runs; then tells what each did.
  func work(_ label: String, seed: UInt64, _ body: () throws -> Void) throws -> [Account] {
    let isOver = Mutex(false)
    let accounts = Mutex<[Int: Account]>([:])
    let threads = DispatchGroup()
    for (number, server) in servers.enumerated() {
      threads.enter()
      let driver = Driver(
        server, "\(label)x\(number)", SeededGenerator(seed: seed &+ UInt64(number)))
      Thread.detachNewThread {
        let account = driver.run { isOver.withLock { $0 } }
        accounts.withLock { $0[number] = account }
        threads.leave()
      }
    }
    defer {
      isOver.withLock { $0 = true }
      threads.wait()
    }
    try body()
    isOver.withLock { $0 = true }
    threads.wait()
    return accounts.withLock { found in servers.indices.map { found[$0] ?? Account() } }
  }

  /// Speaks to one server until it is told to stop, or the server ends.
  private final class Driver: @unchecked Sendable {  // handed to one thread, and used by it alone
    private let server: ServerProcess
    private let name: String
    private var generator: SeededGenerator
    private var account = Account()
    private var written = 0

    init(_ server: ServerProcess, _ name: String, _ generator: SeededGenerator) {
      self.server = server
      self.name = name
      self.generator = generator
    }

    func run(until isOver: () -> Bool) -> Account {
      do {
        while !isOver(), !account.isOver {
          switch Int.random(in: 0..<6, using: &generator) {
          case 0: try delete()
          case 1, 2: try search()
          default: try add(Int.random(in: 1...4, using: &generator))
          }
        }
      } catch let error as OutOfPatience {
        account.wrong.append("\(error)")
        account.isOver = true
      } catch {
        // The pipe to a server that has just died.
        account.isOver = true
      }
      return account
    }

    /// Sends several at once, so that the server has several writes at a time.
    private func add(_ count: Int) throws {
      var texts: [Int64: String] = [:]
      for _ in 0..<count {
        let text = "word\(name)x\(written)"
        written += 1
        account.unanswered.insert(text)
        texts[
          try server.send(
            "tools/call", ["name": "add_memory", "arguments": ["content": .string(text)]])] = text
      }
      let (results, isOver) = try server.answers(to: Array(texts.keys))
      for (id, text) in texts {
        guard let result = results[id] else { continue }
        account.unanswered.remove(text)
        if let memory = result["structuredContent"]?["memory"]?["memory_id"]?.string {
          account.acknowledged[text] = memory
        } else {
          account.wrong.append("\(text): \(result)")
        }
      }
      account.isOver = isOver
    }

    private func delete() throws {
      guard let (text, id) = account.acknowledged.min(by: { $0.key < $1.key }) else { return }
      account.undecided.insert(id)
      let request = try server.send(
        "tools/call", ["name": "delete_memory", "arguments": ["memory_id": .string(id)]])
      let (results, isOver) = try server.answers(to: [request])
      account.isOver = isOver
      guard let result = results[request] else { return }
      account.undecided.remove(id)
      if result["structuredContent"]?["deleted"] == true {
        account.deleted.insert(id)
        account.acknowledged[text] = nil
      } else {
        account.wrong.append("deletion of \(text): \(result)")
      }
    }

    /// Looks for the last text that this server acknowledged: it must be found at once, by word.
    private func search() throws {
      guard let text = account.acknowledged.keys.randomElement(using: &generator) else { return }
      let request = try server.send(
        "tools/call",
        [
          "name": "search_memories",
          "arguments": ["query": .string(text), "strategy": "keyword", "limit": 3],
        ])
      let (results, isOver) = try server.answers(to: [request])
      account.isOver = isOver
      guard let result = results[request] else { return }
      account.searches += 1
      if result["structuredContent"]?.contents.contains(text) != true {
        account.wrong.append("search for \(text): \(result)")
      }
    }
  }
}

/// What must be in a store, told from what was acknowledged.
struct Ledger {
  private(set) var known: [String: String] = [:]
  private(set) var deleted: Set<String> = []
  private(set) var searches = 0

  var acknowledged: Int { known.count + deleted.count }

  /// Takes in what servers did; asks one that lives about what was not answered, which may have
  /// happened or not.
  mutating func add(_ accounts: [Flock.Account], asking server: ServerProcess) throws {
    for account in accounts {
      known.merge(account.acknowledged) { _, new in new }
      deleted.formUnion(account.deleted)
      searches += account.searches
      for text in account.unanswered {
        let found = try server.call(
          "search_memories", ["query": .string(text), "strategy": "keyword", "limit": 3])
        for hit in found["hits"]?.array ?? [] where hit["memory"]?["content"]?.string == text {
          known[text] = hit["memory"]?["memory_id"]?.string
        }
      }
      for (text, id) in account.acknowledged where account.undecided.contains(id) {
        let found = try server.call("get_memory", ["memory_ids": [.string(id)]])
        if found["missing"] == [.string(id)] {
          known[text] = nil
          deleted.insert(id)
        }
      }
    }
  }

  /// What a server does not have as it must be: the whole number of memories, and these texts.
  func complaints(_ server: ServerProcess, about texts: some Sequence<String>) throws -> [String] {
    var complaints: [String] = []
    let total = try server.call("list_memories", ["limit": 1])["total"]
    if total != .integer(Int64(known.count)) {
      complaints.append("\(total ?? .null) memories instead of \(known.count)")
    }
    let texts = texts.filter { known[$0] != nil }
    for start in stride(from: 0, to: texts.count, by: 20) {
      let part = texts[start..<min(start + 20, texts.count)]
      let reply = try server.call(
        "get_memory", ["memory_ids": .array(part.compactMap { known[$0].map { .string($0) } })])
      let contents = reply["memories"]?.array?.compactMap { $0["content"]?.string } ?? []
      if contents != Array(part) { complaints.append("\(part) came back as \(contents)") }
    }
    for id in deleted.prefix(20)
    where try server.call("get_memory", ["memory_ids": [.string(id)]])["missing"] != [.string(id)] {
      complaints.append("\(id) is back")
    }
    return complaints
  }
}
