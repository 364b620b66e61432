internal import Foundation

/// Which requests are listened to at all.
package struct HTTPRules: Sendable {
  /// Names by which the server may be addressed, in lower case, besides those of this machine.
  package var hosts: Set<String>
  /// Origins (scheme, host and port) of web pages that may ask, besides pages of those hosts.
  package var origins: Set<String>
  /// The most bytes of a body.
  package var bodyLimit: Int

  /// The path of the endpoint.
  package static let path = "/mcp"
  package static let standardBodyLimit = 4 << 20

  /// - Parameter hosts: `*` allows every name.
  package init(
    hosts: Set<String> = [], origins: Set<String> = [], bodyLimit: Int = standardBodyLimit
  ) {
    self.hosts = Set(hosts.map { $0.lowercased() })
    self.origins = Set(origins.map { $0.lowercased() })
    self.bodyLimit = bodyLimit
  }

  private static let loopback: Set<String> = ["127.0.0.1", "localhost", "[::1]"]

  /// Whether a name is this machine's for itself alone.
  package static func isLoopback(_ host: String) -> Bool {
    loopback.contains(host.lowercased()) || host == "::1"
  }

  private func allows(name: String) -> Bool {
    Self.loopback.contains(name) || hosts.contains(name) || hosts.contains("*")
  }

  /// Whether the `Host` of a request is one of this server's.
  ///
  /// A web page can make its own name point to this machine; then the browser's requests bear that
  /// name, and are refused.
  func allows(host: String?) -> Bool {
    guard let host, let name = Self.name(host.lowercased()) else { return false }
    return allows(name: name)
  }

  /// Whether the page that a request comes from may ask; a request from no page may.
  func allows(origin: String) -> Bool {
    let origin = origin.lowercased()
    if origins.contains(origin) { return true }
    for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
      guard let name = Self.name(String(origin.dropFirst(scheme.count))) else { return false }
      return Self.loopback.contains(name) || hosts.contains(name)
    }
    return false
  }

  /// The name in `name:port`; nil when it is neither.
  private static func name(_ text: String) -> String? {
    // Of bytes: Foundation's search for a text within another takes longer than all the rest here.
    guard !text.utf8.contains(UInt8(ascii: "@")), !text.utf8.contains(UInt8(ascii: "/")) else {
      return nil
    }
    let end =
      if text.hasPrefix("[") {
        text.firstIndex(of: "]").map { text.index(after: $0) } ?? text.endIndex
      } else {
        text.firstIndex(of: ":") ?? text.endIndex
      }
    let port = text[end...]
    guard port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy(\.isNumber)) else {
      return nil
    }
    return String(text[..<end])
  }
}

/// Values of header lines that may hold more than plain text.
enum HeaderText {
  private static let prefix = "=?base64?"
  private static let suffix = "?="

  /// What a value stands for: itself, or what is wrapped in it; nil when the wrapping is broken.
  static func decoded(_ value: String) -> String? {
    guard value.hasPrefix(prefix), value.hasSuffix(suffix),
      value.utf8.count >= prefix.utf8.count + suffix.utf8.count
    else { return value }
    let inner = String(value.dropFirst(prefix.count).dropLast(suffix.count))
    // What does not come back as it was has padding or bits that are not canonical.
    guard let data = Data(base64Encoded: inner), data.base64EncodedString() == inner else {
      return nil
    }
    return String(data: data, encoding: .utf8)
  }
}
