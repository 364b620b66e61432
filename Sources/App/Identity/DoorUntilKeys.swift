internal import Foundation
internal import MCPServer
internal import Synchronization

/// Lets everybody in until the first key is made; from then on keys decide, without a restart.
final class DoorUntilKeys: Authenticator {
  private struct State {
    var isClosed = false
    var looked: ContinuousClock.Instant?
  }

  private let door: OpenDoor
  private let file: StoredKeys
  private let keys: KeyRing
  private let state = Mutex(State())

  /// - Parameter directory: the data directory.
  init(_ door: OpenDoor, directory: URL) {
    self.door = door
    file = StoredKeys(directory: directory)
    keys = KeyRing(directory: directory)
  }

  var isOpen: Bool {
    let now = ContinuousClock.now
    return state.withLock { state in
      // Once closed it stays closed, even should the file be gone.
      if state.isClosed { return false }
      if let looked = state.looked, now - looked < KeyRing.patience { return true }
      state.looked = now
      state.isClosed = file.exists
      return !state.isClosed
    }
  }

  var metadata: ProtectedResource? { nil }

  func identity(for token: String?) throws(CredentialsRefusal) -> Identity {
    if isOpen { return door.identity(for: token) }
    return try keys.identity(for: token)
  }
}
