import Foundation
import Synchronization
import TestSupport
import VectorEngine

/// A file system that writes down what is asked of it, fails where it is told to, and can say what a
/// power cut would leave.
final class JournalFiles: FileSystem {
  enum Operation {
    case create(String, inode: Int)
    case write(inode: Int, [UInt8])
    case synchronise(inode: Int)
    case rename(String, String)
    case remove(String)
    case synchroniseFolder
  }

  private struct State {
    var journal: [Operation] = []
    var inodes = 0
    var failing: Int?
  }

  private let local = LocalFiles()
  private let state = Mutex(State())

  /// - Parameter failing: the number of the operation that fails; removals never do, because nobody
  ///   relies on them.
  init(failing: Int? = nil) {
    state.withLock { $0.failing = failing }
  }

  var journal: [Operation] { state.withLock { $0.journal } }

  func create(_ path: String) throws(EngineError) -> any WritableFile {
    let inode = state.withLock { state in
      state.inodes += 1
      return state.inodes
    }
    let name = Self.name(path)
    try note(.create(name, inode: inode))
    return JournalFile(self, inode, try local.create(path))
  }

  func rename(_ old: String, to new: String) throws(EngineError) {
    try note(.rename(Self.name(old), Self.name(new)))
    try local.rename(old, to: new)
  }

  func remove(_ path: String) throws(EngineError) {
    state.withLock { $0.journal.append(.remove(Self.name(path))) }
    try local.remove(path)
  }

  func synchronise(folder: String) throws(EngineError) {
    // Written down and left at that: what a power cut would take is worked out from the journal.
    try note(.synchroniseFolder)
  }

  fileprivate func note(_ operation: Operation) throws(EngineError) {
    let fails = state.withLock { state in
      defer { state.journal.append(operation) }
      return state.journal.count == state.failing
    }
    if fails { throw EngineError(.inputOutput, "No space left on device") }
  }

  private static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

  // MARK: Power cuts

  /// What may be in the folder when the power is cut after some operations: anything that was not
  /// made durable may be there, be torn, or be missing.
  static func folder(
    after operations: ArraySlice<Operation>, _ generator: inout SeededGenerator
  ) -> [String: [UInt8]] {
    var durable: [Int: [UInt8]] = [:]
    var pending: [Int: [[UInt8]]] = [:]
    var names: [String: Int] = [:]
    var pendingNames: [Operation] = []
    func apply(_ operation: Operation, to names: inout [String: Int], _ all: [String: Int]) {
      switch operation {
      case .create(let name, let inode): names[name] = inode
      case .remove(let name): names[name] = nil
      case .rename(let old, let new):
        names[old] = nil
        names[new] = all[old]
      default: break
      }
    }
    // What the running system sees, which tells what a rename moves.
    var seen: [String: Int] = [:]
    var movers: [(Operation, Int?)] = []
    for operation in operations {
      switch operation {
      case .write(let inode, let bytes): pending[inode, default: []].append(bytes)
      case .synchronise(let inode):
        durable[inode, default: []] += pending.removeValue(forKey: inode)?.flatMap { $0 } ?? []
      case .synchroniseFolder:
        names = seen
        pendingNames = []
        movers = []
      case .create, .rename, .remove:
        if case .rename(let old, _) = operation {
          movers.append((operation, seen[old]))
        } else {
          movers.append((operation, nil))
        }
        pendingNames.append(operation)
        apply(operation, to: &seen, seen)
      }
    }
    for (operation, inode) in movers where Bool.random(using: &generator) {
      if case .rename(let old, let new) = operation {
        if names[old] == inode { names[old] = nil }
        names[new] = inode
      } else {
        apply(operation, to: &names, names)
      }
    }
    var folder: [String: [UInt8]] = [:]
    for (name, inode) in names {
      folder[name] = (durable[inode] ?? []) + torn(pending[inode] ?? [], &generator)
    }
    return folder
  }

  /// Writes of which each may have come whole, in part, as nothing at all or as zeros.
  private static func torn(_ writes: [[UInt8]], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    for write in writes {
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes += write
      case 1: bytes += [UInt8](repeating: 0, count: write.count)
      case 2: bytes += write.prefix(Int.random(in: 0...write.count, using: &generator))
      default: break
      }
    }
    return bytes
  }
}

private final class JournalFile: WritableFile {
  private let files: JournalFiles
  private let inode: Int
  private let file: any WritableFile

  init(_ files: JournalFiles, _ inode: Int, _ file: any WritableFile) {
    self.files = files
    self.inode = inode
    self.file = file
  }

  func write(_ bytes: Span<UInt8>) throws(EngineError) {
    var copy: [UInt8] = []
    for i in bytes.indices { copy.append(bytes[i]) }
    do {
      try files.note(.write(inode: inode, copy))
    } catch {
      // A part of it was written all the same.
      let half = Array(copy.prefix(copy.count / 2))
      try file.write(half.span)
      throw error
    }
    try file.write(bytes)
  }

  func synchronise() throws(EngineError) {
    try files.note(.synchronise(inode: inode))
  }
}
