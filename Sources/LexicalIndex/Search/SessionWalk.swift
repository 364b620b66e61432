import VectorEngine

/// Goes through the sessions of a user in the order of their names' bytes, wherever their rows lie.
///
/// Files have them in this order, so that names are compared in place and nothing is looked up.
struct SessionWalk {
  private let users: [SealedUser]
  private let recents: [SessionRows]
  /// Where each file stands, and behind them the rows in memory.
  private var places: [Int]
  private var sessions: [(rows: Range<Int>, isSession: Bool)?] = []
  /// Who has the session that comes next; the number of files stands for the rows in memory.
  private(set) var found: [Int] = []

  init(_ users: [SealedUser], _ recent: UserRows?) {
    self.users = users
    var recents: [SessionRows] = []
    recent?.sessions.forEachValue { recents.append($0) }
    recents.sort { SealedUser.precedes($0.session?.name, $1.session?.name) }
    self.recents = recents
    places = Array(repeating: 0, count: users.count + 1)
    sessions = Array(repeating: nil, count: users.count)
  }

  /// Whether it is a session that was found and not rows without one.
  var isSession: Bool {
    found.first.map { $0 < users.count ? sessions[$0]?.isSession ?? false : recent?.session != nil }
      ?? false
  }

  /// The rows of it in a file.
  func rows(of file: Int) -> Range<Int> { sessions[file]?.rows ?? 0..<0 }

  /// Those in memory.
  var recent: SessionRows? {
    places[users.count] < recents.count ? recents[places[users.count]] : nil
  }

  /// Looks for the next session; false behind the last.
  mutating func findNext() throws(EngineError) -> Bool {
    found.removeAll(keepingCapacity: true)
    for place in 0...users.count where try load(place) {
      guard let best = found.first else {
        found.append(place)
        continue
      }
      let order = try order(place, best)
      if order < 0 { found.removeAll(keepingCapacity: true) }
      if order <= 0 { found.append(place) }
    }
    return !found.isEmpty
  }

  private mutating func load(_ place: Int) throws(EngineError) -> Bool {
    guard place < users.count else { return recent != nil }
    guard places[place] < users[place].sessionCount else { return false }
    if sessions[place] == nil { sessions[place] = try users[place].session(places[place]) }
    return true
  }

  /// The order of the sessions at which two stand, of which the second is a file.
  private func order(_ place: Int, _ file: Int) throws(EngineError) -> Int {
    guard place < users.count else {
      return -(try users[file].order(of: places[file], recent?.session?.name))
    }
    return try users[place].order(of: places[place], users[file], places[file])
  }

  /// Goes on from the session that was found.
  mutating func takeFound() {
    for place in found {
      places[place] += 1
      if place < users.count { sessions[place] = nil }
    }
  }
}
