#if OAuth
package import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// Where the keys of an authorization server are to be had: a file or a URL.
package struct KeySource: Sendable {
  /// Why there are none.
  package struct Failure: Error, Hashable { package let reason: String }

  private let place: URL
  private static let sizeLimit = 1 << 20

  /// - Parameter text: a path, or a URL with https; http only for this machine.
  package init(_ text: String) throws(Failure) {
    guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
      ["http", "https"].contains(scheme)
    else {
      place = URL(fileURLWithPath: text)
      return
    }
    let isOwn = ["127.0.0.1", "localhost", "::1", "[::1]"].contains(url.host() ?? "")
    guard scheme == "https" || isOwn else {
      throw Failure(reason: "\(text) must begin with https://: keys are what everything rests on")
    }
    place = url
  }

  /// The text of the key set.
  func fetch() async throws(Failure) -> Data {
    do {
      guard !place.isFileURL else { return try Data(contentsOf: place) }
      var request = URLRequest(url: place, timeoutInterval: 5)
      request.setValue("application/json", forHTTPHeaderField: "Accept")
      request.cachePolicy = .reloadIgnoringLocalCacheData
      let (data, response) = try await URLSession.shared.data(for: request)
      guard (response as? HTTPURLResponse)?.statusCode == 200, data.count <= Self.sizeLimit else {
        throw Failure(reason: "the key set cannot be fetched")
      }
      return data
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(reason: "the key set cannot be read: \(error.localizedDescription)")
    }
  }
}
#endif
