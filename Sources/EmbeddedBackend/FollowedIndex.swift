internal import Dispatch
internal import Foundation
internal import GRDB
internal import Synchronization
internal import VectorEngine

/// What is kept of all memories, vectors or terms: a folder beside the database that all processes share,
/// and in memory what has changed since it was last sealed.
///
/// The folder says how far in the change sequence it has come; what came later is read from the
/// database. A folder that is missing, damaged, of another database or model, or too new for this
/// program is begun anew: it is derived, and nothing but time is lost.
final class FollowedIndex {
  /// Another process has published meanwhile, so that what is seen here cannot be brought to the state
  /// of the transaction any more: the search begins again.
  struct Moved: Error {}

  /// Another process is publishing, or does not let go of the folder: here it is not waited for, because
  /// whoever moves the index holds up others, and a transaction.
  struct Occupied: Error {}

  private let url: URL
  private let rows: any FollowedRows
  private let log: @Sendable (String) -> Void
  private(set) var collection: VectorCollection? {
    didSet { rows.restart() }
  }
  /// How far in the change sequence the collection has come.
  private(set) var sequence: Int64 = 0
  /// Whether what was opened is known to be of the database and its model.
  private var isChecked = false
  /// Whose vectors are followed, once that is known.
  private var label = ""
  /// Whether the folder cannot be used, so that everything stays in memory, and when it is tried again.
  private var isInMemory = false
  private var nextTrial = ContinuousClock.now
  private static let pause = Duration.seconds(60)
  /// Whether it cannot be used only because another process holds it.
  private var isOccupied = false
  /// A state of the folder that must go; the generation is nil when it cannot be opened.
  private var condemned: (isSo: Bool, generation: UInt64?) = (false, nil)
  let compaction: BackgroundCompaction
  /// Whether it is that of the terms.
  var isOfWords: Bool { rows is TermRows }

  init(_ url: URL, _ rows: any FollowedRows, log: @escaping @Sendable (String) -> Void) {
    self.url = url
    self.rows = rows
    self.log = log
    compaction = BackgroundCompaction(merging: rows.merging, log)
  }

  // MARK: The folder

  /// Looks what others have published. Called before a transaction begins, so that the transaction sees
  /// all that the folder has.
  func prepare() {
    if isInMemory { returnToFolder() }
    guard !isInMemory, !condemned.isSo else { return }
    do {
      if let damage = compaction.takeDamage() { throw damage }
      if let collection {
        if try collection.refresh(discardingChanges: true) {
          rows.restart()
          sequence = Int64(clamping: collection.position)
          isChecked = false
        }
      } else if FileManager.default.fileExists(atPath: url.appendingPathComponent("MANIFEST").path)
      {
        let opened = try VectorCollection(opening: url)
        collection = opened
        sequence = Int64(clamping: opened.position)
        isChecked = false
      }
    } catch {
      giveUp(error)
    }
  }

  /// Uses the folder again when the system has refused it only for a while. What is in memory goes only
  /// for a folder that can be used.
  private func returnToFolder() {
    guard nextTrial <= .now else { return }
    nextTrial = .now + Self.pause
    do throws(EngineError) {
      let opened = try folderInPlaceOfMemory()
      leaveMemory()
      // What was to go is still there: it goes when the next vector is stored.
      if condemned.isSo, opened.generation == condemned.generation { return }
      log("\(rows.name) can be used again")
      condemned = (false, nil)
      collection = opened
      sequence = Int64(clamping: opened.position)
    } catch {
      isOccupied = error.code == .busy
      if Self.isOfSystem(error) { return }
      // What the folder holds will not do: it is begun anew next time.
      if collection == nil { leaveMemory() } else { condemned = (true, nil) }
    }
  }

  private func folderInPlaceOfMemory() throws(EngineError) -> VectorCollection {
    guard let configuration = collection?.configuration else {
      return try VectorCollection(opening: url)
    }
    guard condemned.isSo else {
      return try VectorCollection(at: url, configuration, label: label, patience: .zero)
    }
    let fresh = try VectorCollection(
      resetting: url, configuration, label: label, generation: condemned.generation,
      patience: .zero)
    condemned = (false, nil)
    return fresh
  }

  private func leaveMemory() {
    isInMemory = false
    isOccupied = false
    isChecked = false
    collection = nil
    sequence = 0
  }

  /// Does without the folder as it is: it is begun anew, or left alone when the system refuses it.
  func giveUp(_ error: any Error) {
    if Self.isOfSystem(error) {
      log("\(rows.name) cannot be used, so it is kept in memory: \(error)")
      isInMemory = true
      isOccupied = (error as? EngineError)?.code == .busy
      nextTrial = .now + Self.pause
    } else {
      condemn("\(error)")
    }
    collection = nil
    sequence = 0
  }

  /// Whether it says nothing of the folder's contents, and may pass.
  private static func isOfSystem(_ error: any Error) -> Bool {
    guard let code = (error as? EngineError)?.code else { return false }
    return code == .inputOutput || code == .busy
  }

  /// Has the folder begun anew at the next occasion.
  func condemn(_ reason: String) {
    log("\(rows.name) is built again from the database: \(reason)")
    // Of two searches that meet the same damage the second has no collection any more.
    if let collection, !isInMemory {
      condemned = (true, collection.generation)
    } else if !condemned.isSo {
      condemned = (true, try? VectorCollection.published(at: url).generation)
    }
    collection = nil
    sequence = 0
  }

  // MARK: Following the database

  /// How many changes are applied at a time: bounded memory, few snapshots.
  private static let changesOfStep = 2000
  /// From so many rows in memory on they are sealed: together with those of a step they are less than
  /// 20,000, but for memories of many passages.
  private static let rowsBeforeSeal = 16_000
  /// So many changes a process that starts would have to read are sealed as well.
  private static let changesBeforeSeal: Int64 = 1000

  /// Brings the collection to the state that a transaction sees.
  ///
  /// Changes are applied in their order, each memory as the transaction sees it. So the collection may
  /// be sealed anywhere on the way: whoever goes on from there meets the later changes again.
  ///
  /// - Throws: `Moved`; `StorageError` for vectors that cannot be.
  func catchUp(with db: Database, to target: Int64) throws {
    guard sequence != target || !isChecked else { return }
    label = try rows.label(db)
    if let collection, !isInMemory {
      if collection.label != label {
        condemn(PublishedIndex.Objection.foreign.rawValue)
      } else if sequence > target {
        condemn(PublishedIndex.Objection.later.rawValue)
      }
    }
    isChecked = true
    // Where nothing is kept, as of vectors without a model, a process that starts need not read why.
    if collection == nil, try rows.areNone(db) { sequence = target }
    while sequence < target {
      let end =
        try Int64.fetchOne(
          db,
          sql: """
            SELECT max(sequence) FROM
              (SELECT sequence FROM changes WHERE sequence > ? ORDER BY sequence LIMIT ?)
            """, arguments: [sequence, Self.changesOfStep]) ?? target
      let changed = try Int64.fetchAll(
        db, sql: "SELECT DISTINCT memory FROM changes WHERE sequence > ? AND sequence <= ?",
        arguments: [sequence, end])
      try apply(changed, db, label)
      sequence = end
      if let rows = collection?.statistics.bufferedRows, rows >= rowsBeforeNextSeal { try seal() }
    }
    if let collection, sequence >= sequenceOfNextSeal,
      sequence - Int64(clamping: collection.position) >= Self.changesBeforeSeal
    {
      try seal()
    }
  }

  private var rowsBeforeNextSeal = rowsBeforeSeal
  /// Before it a seal has failed not long ago.
  private var sequenceOfNextSeal: Int64 = 0

  /// Publishes what is in memory, unless somebody else is publishing.
  private func seal() throws {
    guard let collection, !isInMemory else { return }
    do {
      guard try flush(collection) else { return }
      rowsBeforeNextSeal = Self.rowsBeforeSeal
      sequenceOfNextSeal = 0
      compaction.start(collection)
    } catch {
      if error.code == .conflict { throw Moved() }
      guard error.code == .inputOutput else { throw error }
      // A full disk: what is in memory is searched as well. It is tried again after as much as before.
      log("\(rows.name) cannot be sealed: \(error)")
      rowsBeforeNextSeal = collection.statistics.bufferedRows + Self.rowsBeforeSeal
      sequenceOfNextSeal = sequence + Self.changesBeforeSeal
    }
  }

  /// Seals what is in memory; false when somebody else is publishing.
  private func flush(_ collection: VectorCollection) throws(EngineError) -> Bool {
    guard try collection.tryFlush(position: UInt64(sequence), sides: rows.sealing) else {
      return false
    }
    rows.restart()
    return true
  }

  /// Publishes everything that the transaction sees.
  ///
  /// - Parameter emptying: whether a folder that cannot be used loses what it holds.
  /// - Returns: the collection whose files may be merged, which takes long and needs neither the right to
  ///   move the index nor the transaction; nil when there is none.
  /// - Throws: `Moved`; `Occupied`; `EngineError`; `StorageError` when the folder cannot be written.
  func publish(emptying: Bool) throws -> VectorCollection? {
    if isInMemory && isOccupied {
      // Searches do without the folder for a while; whoever publishes wants it now.
      nextTrial = .now
      throw Occupied()
    }
    guard let collection, !isInMemory else {
      if emptying { try empty() }
      return nil
    }
    do {
      guard try flush(collection) else { throw Occupied() }
    } catch let error as EngineError where error.code == .conflict {
      throw Moved()
    }
    return collection
  }

  /// Takes what the folder holds out of it although nothing of it is wanted: it may be damaged, or of
  /// another database, but it holds what users have stored.
  private func empty() throws {
    guard try holdsFiles() else { return }
    guard !isInMemory else {
      throw StorageError(
        .inputOutput, "\(url.path) cannot be written, so what was erased may still be in it.")
    }
    do throws(EngineError) {
      _ = try VectorCollection(
        resetting: url, .init(dimension: 1), label: "empty", generation: condemned.generation,
        patience: .zero)
    } catch {
      throw error.code == .busy ? Occupied() : error
    }
    condemned = (true, nil)
  }

  /// Whether there is anything in the folder but other folders.
  private func holdsFiles() throws -> Bool {
    guard FileManager.default.fileExists(atPath: url.path) else { return false }
    // What cannot be looked into may hold anything.
    guard
      let found = try? FileManager.default.contentsOfDirectory(
        at: url, includingPropertiesForKeys: [.isDirectoryKey])
    else { return true }
    return try found.contains {
      try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory != true
    }
  }

  // MARK: Rows

  private func apply(_ changed: [Int64], _ db: Database, _ label: String) throws {
    try forget(changed)
    try rows.read(changed, db) { try store($0, label) }
  }

  /// Removes all passages of memories. They are numbered from 0, so the first number that is missing is
  /// beyond the last.
  private func forget(_ memories: [Int64]) throws {
    rows.forget(memories)
    guard let collection else { return }
    var left = memories
    var passage = 0
    while !left.isEmpty {
      let rows = try left.map { try PassageRow(memory: $0, passage: passage).row }
      let found = try collection.contains(ids: rows)
      _ = try collection.remove(ids: zip(rows, found).filter(\.1).map(\.0))
      left = zip(left, found).filter(\.1).map(\.0)
      passage += 1
    }
  }

  private func store(_ batch: VectorBatch, _ label: String) throws {
    guard !batch.ids.isEmpty else { return }
    let dimension = batch.rows.count / batch.ids.count
    let collection = try collection ?? make(dimension, label)
    guard collection.configuration.dimension == dimension else {
      throw StorageError(
        .damaged,
        "The vector of memory \(batch.groups[0]) does not have "
          + "\(collection.configuration.dimension) elements.")
    }
    try collection.upsert(batch)
  }

  /// How long the first vector waits for whoever else begins the folder: longer than a seal takes.
  private static let patience = Duration.seconds(2)

  /// Makes the collection that the first vector needs.
  private func make(_ dimension: Int, _ label: String) throws -> VectorCollection {
    let configuration = try VectorCollection.Configuration(
      dimension: dimension, metric: rows.metric)
    do {
      guard !isInMemory else { throw EngineError(.inputOutput, "The folder cannot be used.") }
      // That of the terms lies in that of the vectors, which may not be there.
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      let made =
        condemned.isSo
        ? try VectorCollection(
          resetting: url, configuration, label: label, generation: condemned.generation,
          patience: Self.patience)
        : try VectorCollection(at: url, configuration, label: label, patience: Self.patience)
      condemned = (false, nil)
      // Somebody else may have begun it; what it has may be newer than the transaction.
      guard made.position == 0, made.statistics.rows == 0 else { throw Moved() }
      collection = made
      return made
    } catch let error as EngineError where Self.isOfSystem(error) {
      if !isInMemory { giveUp(error) }
      let made = VectorCollection(configuration)
      collection = made
      return made
    } catch let error as EngineError {
      giveUp(error)
      throw Moved()
    } catch let error as CocoaError {
      giveUp(EngineError(.inputOutput, "\(url.path) cannot be made: \(error)"))
      let made = VectorCollection(configuration)
      collection = made
      return made
    }
  }
}
