internal import Foundation

/// Where a server is: the base of the addresses of what it offers.
package struct RemoteAddress: Hashable, Sendable {
  /// Why a text is no address.
  package struct Fault: Error, Hashable { package let rule: String }

  package let isSecure: Bool
  package let host: String
  package let port: Int
  /// Begins with a slash, ends with none.
  let path: String

  private init(isSecure: Bool, host: String, port: Int, path: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.path = path
  }

  package init(_ text: String) throws(Fault) {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
      ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
    else { throw Fault(rule: "must be a URL that begins with https:// or http://") }
    guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
    else { throw Fault(rule: "must be a bare URL, without user, query or fragment") }
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    let path = parts.percentEncodedPath
    // Both go into the head of a request as they are.
    guard (bare + path).utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Fault(rule: "must be of ASCII; an international name has a form in it, xn--…")
    }
    isSecure = scheme == "https"
    self.host = bare
    port = parts.port ?? (isSecure ? 443 : 80)
    guard (1...65_535).contains(port) else { throw Fault(rule: "has no such port") }
    self.path = path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// Whether it is this machine.
  package var isLoopback: Bool {
    let name = host.lowercased()
    if name == "localhost" || name == "::1" { return true }
    // A name may begin with these digits as well.
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// The address of something below.
  package func appending(_ name: String) -> RemoteAddress {
    RemoteAddress(isSecure: isSecure, host: host, port: port, path: "\(path)/\(name)")
  }

  /// As the head of a request names it.
  var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }
}
