package import Records

/// The answer to one request.
package struct Response: Hashable, Sendable {
  /// What came of the request.
  package enum Outcome: Hashable, Sendable {
    case result(ResultBody)
    case error(ProtocolError)
  }

  /// Nil when the request's own could not be read.
  package let id: RequestID?
  package let outcome: Outcome

  package init(_ id: RequestID, result: [String: JSONValue]) {
    self.init(id, result: ResultBody(result))
  }

  package init(_ id: RequestID, result: ResultBody) {
    self.id = id
    outcome = .result(result)
  }

  package init(_ id: RequestID?, _ error: ProtocolError) {
    self.id = id
    outcome = .error(error)
  }

  /// The whole message.
  package var json: JSONValue {
    do {
      return try JSONTextReader.value(of: text)
    } catch {
      // What was written a moment ago is JSON.
      return ["jsonrpc": "2.0", "id": id?.json ?? .null]
    }
  }

  /// The message as one line of UTF-8 without its end; line ends inside strings are escaped.
  package var text: [UInt8] {
    let head: [String: JSONValue] = ["jsonrpc": "2.0", "id": id?.json ?? .null]
    do {
      switch outcome {
      case .result(let result):
        var writer = JSONTextWriter(capacity: 512 + 3 * (result.structured?.count ?? 0))
        try writer.write(head, ready: [("result", result.write)])
        return writer.bytes
      case .error(let error):
        var writer = JSONTextWriter()
        try writer.write(head.merging(["error": error.json]) { $1 })
        return writer.bytes
      }
    } catch {
      // Only a number that is no number gets here, and an error response holds none but its code.
      return Response(id, .internalError).text
    }
  }
}

/// The members of a result; what a tool made is text already and is not read again.
package struct ResultBody: Hashable, Sendable {
  package var members: [String: JSONValue]
  /// The JSON text of `structuredContent`, which then is `content` as well, as a text.
  package var structured: [UInt8]?

  package init(_ members: [String: JSONValue], structured: [UInt8]? = nil) {
    self.members = members
    self.structured = structured
  }

  func write(to writer: inout JSONTextWriter) throws {
    guard let structured else { return try writer.write(members) }
    try writer.write(
      members,
      ready: [
        ("content", { $0.write(content: structured) }),
        ("structuredContent", { $0.write(ready: structured) }),
      ])
  }
}

extension JSONTextWriter {
  /// The content of a tool's result: one text.
  fileprivate mutating func write(content text: [UInt8]) {
    write(ready: Array(#"[{"text":"#.utf8))
    write(string: text)
    write(ready: Array(#","type":"text"}]"#.utf8))
  }
}
