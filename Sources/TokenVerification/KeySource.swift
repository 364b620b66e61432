#if OAuth
internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// Where the keys of an authorization server are to be had: a file or a URL.
package struct KeySource: Sendable {
  /// Why there are none.
  package struct Failure: Error, Hashable { package let reason: String }

  private let place: URL

  /// More than this is no key set.
  fileprivate static let sizeLimit = 1 << 20
  /// How long a fetch may take, however little of it comes at a time.
  private static let patience = Duration.seconds(5)

  /// - Parameter text: the path of a file that is there, or a URL with https; http only for this machine.
  package init(_ text: String) throws(Failure) {
    guard text.contains("://"), let url = URL(string: text) else {
      guard FileManager.default.isReadableFile(atPath: text) else {
        throw Failure(reason: "\(text) cannot be read")
      }
      place = URL(fileURLWithPath: text)
      return
    }
    let isOwn = ["127.0.0.1", "localhost", "::1", "[::1]"].contains(url.host()?.lowercased() ?? "")
    let scheme = url.scheme?.lowercased()
    guard scheme == "https" || (scheme == "http" && isOwn) else {
      throw Failure(reason: "\(text) must begin with https://: keys are what everything rests on")
    }
    place = url
  }

  /// Keys are looked at again after this, so that one that was withdrawn stops.
  var life: Duration { place.isFileURL ? .seconds(1) : .seconds(300) }

  /// How much time there is at least between two looks, whatever tokens come.
  var pause: Duration { place.isFileURL ? .seconds(1) : .seconds(10) }

  /// The text of the key set.
  func fetch() async throws(Failure) -> Data {
    guard !place.isFileURL else { return try read() }
    var request = URLRequest(url: place)
    request.setValue("application/json", forHTTPHeaderField: "Accept")
    request.cachePolicy = .reloadIgnoringLocalCacheData
    return try await Fetch().data(for: request, within: Self.patience)
  }

  private func read() throws(Failure) -> Data {
    do {
      let file = try FileHandle(forReadingFrom: place)
      defer { try? file.close() }
      let data = try file.read(upToCount: Self.sizeLimit + 1) ?? Data()
      guard data.count <= Self.sizeLimit else { throw Failure(reason: "it is too long") }
      return data
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(reason: "it cannot be read: \(error.localizedDescription)")
    }
  }
}

/// One fetch: bounded in time and size, and from nowhere but the place that was asked for.
private final class Fetch: NSObject, URLSessionDataDelegate {
  private struct State {
    var data = Data()
    var result: Result<Data, KeySource.Failure>?
    var waiting: CheckedContinuation<Result<Data, KeySource.Failure>, Never>?
  }

  private let state = Mutex(State())

  func data(
    for request: URLRequest, within patience: Duration
  ) async throws(KeySource.Failure) -> Data {
    let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
    let task = session.dataTask(with: request)
    // The time-outs of a session begin anew with every byte.
    let clock = Task {
      try await Task.sleep(for: patience)
      finish(.failure(.init(reason: "it did not come in time")))
      task.cancel()
    }
    defer {
      clock.cancel()
      session.invalidateAndCancel()
    }
    task.resume()
    let result = await withCheckedContinuation { continuation in
      let known = state.withLock { state in
        if state.result == nil { state.waiting = continuation }
        return state.result
      }
      if let known { continuation.resume(returning: known) }
    }
    return try result.get()
  }

  private func finish(_ result: Result<Data, KeySource.Failure>) {
    let waiting = state.withLock { state in
      if state.result == nil { state.result = result }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: result)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    finish(.failure(.init(reason: "it is somewhere else: \(request.url?.absoluteString ?? "")")))
    completionHandler(nil)
    task.cancel()
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    if status != 200 { finish(.failure(.init(reason: "it was answered with status \(status)"))) }
    completionHandler(status == 200 ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let count = state.withLock { state in
      state.data += data
      return state.data.count
    }
    guard count > KeySource.sizeLimit else { return }
    finish(.failure(.init(reason: "it is too long")))
    dataTask.cancel()
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    finish(
      error.map { .failure(.init(reason: $0.localizedDescription)) }
        ?? .success(state.withLock { $0.data }))
  }
}
#endif
