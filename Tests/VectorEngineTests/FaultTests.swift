import Foundation
import TestSupport
import Testing
import VectorEngine

/// What a writer does to a folder, step by step, and what must be there after each step.
private struct Story {
  static let dimension = 4
  /// The steps that publish; each is one of `VectorCollection`'s verbs.
  enum Step: CaseIterable {
    case first, replace, delete, compact, append, compactAll
  }

  /// What can be seen of a folder: how far it has come, and every row by its score.
  struct Sight: Hashable {
    let position: UInt64
    let neighbors: [Neighbor]
  }

  static func sight(_ collection: VectorCollection) throws -> Sight {
    Sight(
      position: collection.position,
      neighbors: try collection.search([1, 2, 3, 4], count: 1000))
  }

  static func create(at url: URL, _ files: any FileSystem) throws -> VectorCollection {
    try VectorCollection(at: url, .init(dimension: dimension), label: "story", files: files)
  }

  static func write(_ step: Step, to collection: VectorCollection) throws {
    func store(_ ids: Range<UInt64>, seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      try collection.upsert(
        VectorBatch(
          ids: Array(ids), scopes: ids.map { RowScope(user: "u\($0 % 3)", session: "s\($0 % 2)") },
          rows: generator.vector(ids.count * dimension)))
    }
    switch step {
    case .first: try store(0..<12, seed: 1)
    case .replace: try store(6..<18, seed: 2)
    case .delete: _ = try collection.remove(ids: [0, 3, 7, 17])
    case .append: try store(20..<40, seed: 3)
    case .compact, .compactAll: break
    }
  }

  static func publish(_ step: Step, _ collection: VectorCollection) throws {
    switch step {
    case .compact: _ = try collection.compact()
    case .compactAll: _ = try collection.compact(.everything)
    default:
      let position = UInt64(1 + (Step.allCases.firstIndex(of: step) ?? 0))
      try collection.flush(position: position)
    }
  }

  /// What must be there before the first step and after each.
  static func sights() throws -> [Sight] {
    let directory = try TemporaryDirectory()
    let collection = try create(at: directory.url.appendingPathComponent("i"), LocalFiles())
    var sights = [try sight(collection)]
    for step in Step.allCases {
      try write(step, to: collection)
      try publish(step, collection)
      sights.append(try sight(collection))
    }
    return sights
  }
}

@Suite struct FaultTests {
  @Test
  func `a power cut anywhere leaves the state before or after, and nothing acknowledged is lost`()
    throws
  {
    let sights = try Story.sights()
    let directory = try TemporaryDirectory()
    let files = JournalFiles()
    let collection = try Story.create(at: directory.url.appendingPathComponent("index"), files)
    // How long the journal was when each state was acknowledged.
    var acknowledged = [files.journal.count]
    for step in Story.Step.allCases {
      try Story.write(step, to: collection)
      try Story.publish(step, collection)
      acknowledged.append(files.journal.count)
    }
    let journal = files.journal
    var generator = SeededGenerator(seed: 11)
    var before = 0
    var after = 0
    for length in 0...journal.count {
      // The states that may be there: the last acknowledged one, and the one that was under way.
      let last = acknowledged.lastIndex { $0 <= length }
      for attempt in 0..<3 {
        let place = directory.url.appendingPathComponent("crash")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        for (name, bytes) in JournalFiles.folder(after: journal.prefix(length), &generator) {
          try Data(bytes).write(to: place.appendingPathComponent(name))
        }
        guard let last else {
          // Nothing was acknowledged, so it may have to be made again; but that must be possible.
          let made = try Story.create(at: place, JournalFiles())
          #expect(try Story.sight(made) == sights[0])
          continue
        }
        let found = try Story.sight(VectorCollection(opening: place))
        if found == sights[last] {
          before += 1
        } else {
          #expect(last + 1 < sights.count && found == sights[last + 1], "cut after \(length)")
          after += 1
        }
        // Writing goes on, whatever is lying around.
        guard (length + attempt) % 7 == 0 else { continue }
        let reopened = try Story.create(at: place, JournalFiles())
        try reopened.verify()
        try Story.write(.append, to: reopened)
        try reopened.flush()
        _ = try reopened.compact(.everything)
        #expect(try VectorCollection(opening: place).statistics.tombstones == 0)
      }
    }
    #expect(before > 100 && after > 5, "the cuts fell on both sides: \(before), \(after)")
  }

  @Test
  func `a call of the system that fails leaves the state before or after, and can be repeated`()
    throws
  {
    let sights = try Story.sights()
    let total = try {
      let directory = try TemporaryDirectory()
      let files = JournalFiles()
      let collection = try Story.create(at: directory.url.appendingPathComponent("index"), files)
      for step in Story.Step.allCases {
        try Story.write(step, to: collection)
        try Story.publish(step, collection)
      }
      return files.journal.count
    }()
    #expect(total > 60)
    var failures = 0
    for failing in 0..<total {
      let directory = try TemporaryDirectory()
      let url = directory.url.appendingPathComponent("index")
      let files = JournalFiles(failing: failing)
      func attempt<R>(_ body: () throws -> R) throws -> R? {
        do {
          return try body()
        } catch let error as EngineError where error.code == .inputOutput {
          failures += 1
          return nil
        }
      }
      let collection =
        try attempt { try Story.create(at: url, files) } ?? Story.create(at: url, files)
      for (number, step) in Story.Step.allCases.enumerated() {
        try Story.write(step, to: collection)
        if try attempt({ try Story.publish(step, collection) }) == nil {
          let found = try Story.sight(VectorCollection(opening: url))
          #expect(found == sights[number] || found == sights[number + 1], "call \(failing)")
          // What was written is still here, and the same call does it, unless it was done already.
          #expect(
            try Story.sight(collection).neighbors == sights[number + 1].neighbors, "call \(failing)"
          )
          do {
            try Story.publish(step, collection)
          } catch let error as EngineError where error.code == .conflict {
            #expect(found == sights[number + 1], "call \(failing)")
          }
          if try collection.refresh(discardingChanges: true) {
            #expect(try Story.sight(collection) == sights[number + 1], "call \(failing)")
          }
        }
        #expect(
          try Story.sight(VectorCollection(opening: url)) == sights[number + 1], "call \(failing)")
      }
      #expect(try Story.sight(collection) == sights[sights.count - 1], "call \(failing)")
    }
    #expect(failures > 50)
  }

  @Test func `a file that was cut is refused at open`() throws {
    let directory = try TemporaryDirectory()
    let url = directory.url.appendingPathComponent("index")
    let collection = try Story.create(at: url, LocalFiles())
    try Story.write(.first, to: collection)
    try collection.flush()
    for name in ["MANIFEST", "segment-00000001.rvs"] {
      let file = url.appendingPathComponent(name)
      let sound = try Data(contentsOf: file)
      let handle = try FileHandle(forUpdating: file)
      // The lengths near the chunks' ends, and many others.
      for length in (0..<sound.count).reversed()
      where length % 31 == 0 || (length + 64) % 4096 < 128 || name == "MANIFEST" {
        try handle.truncate(atOffset: UInt64(length))
        let error = #expect(throws: EngineError.self, "\(name) cut to \(length)") {
          try VectorCollection(opening: url)
        }
        if error == nil { break }
      }
      try handle.close()
      try sound.write(to: file)
    }
    _ = try VectorCollection(opening: url)
  }
}
