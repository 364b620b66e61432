internal import Dispatch
internal import Records
internal import Synchronization

/// Tells whoever has subscribed when what they would read has changed.
///
/// It looks at the resources themselves, as their subscriber sees them: so nobody is told of what
/// they may not read, and what other processes wrote counts like what this one did. It looks only
/// when something was written, and now and then for what the clock alone changes.
package final class ResourceWatch: Sendable {
  /// What a subscriber is told.
  package enum Change: Hashable, Sendable {
    case listChanged
    case updated(String)
  }

  /// What stood where when the subscription began.
  struct Baseline: Sendable {
    var contents: [String: Int]
    /// Nil when the list is not watched.
    var list: Int?
  }

  private struct Subscriber {
    let caller: Caller
    /// Nil for what is not there any more.
    var contents: [String: Int?]
    var list: Int?
    var watchesList: Bool
    var lastListChange: ContinuousClock.Instant?
    let notify: @Sendable (Change) -> Void
  }

  private struct State {
    var subscribers: [Int: Subscriber] = [:]
    var lastTicket = 0
    var timer: (any DispatchSourceTimer)?
    var isLookDue = false
    var stamp: String?
    var lastLook: ContinuousClock.Instant?
    /// Not to be looked before: a look may take a tenth of the time, no more.
    var rest: ContinuousClock.Instant?
  }

  private let library: any Library
  private let stamp: @Sendable () -> String?
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "recollect.watch")

  /// How often it asks whether something was written.
  private static let interval = 0.5
  /// How often at least it looks, written or not.
  private static let longest = Duration.seconds(15)
  /// How often at most a subscriber is told that the list has changed; clients fetch it each time.
  private static let listInterval = Duration.seconds(1)
  /// How many addresses one subscription may name.
  package static let addressLimit = 100

  /// - Parameter stamp: cheap to ask for, and another one after every write of any process; nil when
  ///   that is not known.
  package init(_ library: any Library, stamp: @escaping @Sendable () -> String? = { nil }) {
    self.library = library
    self.stamp = stamp
  }

  // MARK: Subscribing

  /// What stands where now; addresses with nothing behind them are left out.
  func baseline(of uris: [String], list: Bool, for caller: Caller) -> Baseline {
    var contents: [String: Int] = [:]
    for uri in uris { contents[uri] = try? library.fingerprint(of: uri, for: caller) }
    return Baseline(contents: contents, list: list ? listFingerprint(for: caller) : nil)
  }

  /// Begins to tell of changes since the baseline; returns the ticket to end it with.
  func add(
    _ baseline: Baseline, list: Bool, for caller: Caller,
    notify: @escaping @Sendable (Change) -> Void
  ) -> Int {
    state.withLock { state in
      state.lastTicket += 1
      state.subscribers[state.lastTicket] = Subscriber(
        caller: caller, contents: baseline.contents.mapValues { $0 }, list: baseline.list,
        watchesList: list, notify: notify)
      if state.timer == nil { state.timer = startTimer() }
      return state.lastTicket
    }
  }

  func remove(_ ticket: Int) {
    state.withLock { state in
      state.subscribers[ticket] = nil
      guard state.subscribers.isEmpty else { return }
      state.timer?.cancel()
      state.timer = nil
    }
  }

  /// How many subscriptions there are.
  package var count: Int { state.withLock { $0.subscribers.count } }

  /// Looks in a moment; what is written in between is seen at once.
  package func lookSoon() {
    let isNew = state.withLock { state in
      guard !state.subscribers.isEmpty, !state.isLookDue else { return false }
      state.isLookDue = true
      return true
    }
    if isNew {
      queue.asyncAfter(deadline: .now() + .milliseconds(50)) { [weak self] in self?.look() }
    }
  }

  // MARK: Looking

  private func startTimer() -> any DispatchSourceTimer {
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval)
    timer.setEventHandler { [weak self] in self?.look() }
    timer.resume()
    return timer
  }

  private func look() {
    let start = ContinuousClock.now
    let stamp = stamp()
    let subscribers = state.withLock { state -> [Int: Subscriber] in
      state.isLookDue = false
      if let rest = state.rest, start < rest { return [:] }
      let isFresh = stamp != nil && stamp == state.stamp
      if isFresh, let last = state.lastLook, start - last < Self.longest { return [:] }
      state.stamp = stamp
      state.lastLook = start
      return state.subscribers
    }
    var seen: [Caller: [String: Int?]] = [:]
    var lists: [Caller: Int?] = [:]
    for (ticket, subscriber) in subscribers.sorted(by: { $0.key < $1.key }) {
      let caller = subscriber.caller
      for uri in subscriber.contents.keys where seen[caller]?[uri] == nil {
        // What cannot be read at the moment has not changed.
        guard let found = try? fingerprint(uri, caller) else { continue }
        seen[caller, default: [:]][uri] = .some(found.value)
      }
      if subscriber.watchesList, lists[caller] == nil {
        lists[caller] = .some(listFingerprint(for: caller))
      }
      tell(ticket, seen[caller] ?? [:], lists[caller] ?? nil, at: start)
    }
    let end = ContinuousClock.now
    let taken: Duration = end - start
    state.withLock { $0.rest = end + taken * 9 }
  }

  private struct Found { let value: Int? }

  private func fingerprint(_ uri: String, _ caller: Caller) throws -> Found {
    Found(value: try library.fingerprint(of: uri, for: caller))
  }

  /// Takes note of what was seen, and tells the subscriber what of it is new.
  private func tell(
    _ ticket: Int, _ seen: [String: Int?], _ list: Int?, at now: ContinuousClock.Instant
  ) {
    let (changes, notify) = state.withLock {
      state -> ([Change], (@Sendable (Change) -> Void)?) in
      guard var subscriber = state.subscribers[ticket] else { return ([], nil) }
      var changes: [Change] = []
      for (uri, known) in subscriber.contents.sorted(by: { $0.key < $1.key }) {
        guard let found = seen[uri], found != known else { continue }
        subscriber.contents[uri] = found
        changes.append(.updated(uri))
      }
      if subscriber.watchesList, let list, list != subscriber.list {
        let isSoon = subscriber.lastListChange.map { now - $0 < Self.listInterval } ?? false
        if isSoon {
          // Looked at again before it is written to: the change waits, it is not lost.
          state.stamp = nil
        } else {
          if subscriber.list != nil { changes.append(.listChanged) }
          subscriber.list = list
          subscriber.lastListChange = now
        }
      }
      state.subscribers[ticket] = subscriber
      return (changes, subscriber.notify)
    }
    for change in changes { notify?(change) }
  }

  /// Changes when the first page of the list does.
  private func listFingerprint(for caller: Caller) -> Int? {
    (try? library.page(after: nil, for: caller))?.resources.map(\.uri).hashValue
  }
}
