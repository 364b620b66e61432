internal import Foundation
package import Records

/// The answer to one request.
package struct Response: Hashable, Sendable {
  /// What came of the request.
  package enum Outcome: Hashable, Sendable {
    case result([String: JSONValue])
    case error(ProtocolError)
  }

  /// Nil when the request's own could not be read.
  package let id: RequestID?
  package let outcome: Outcome

  package init(_ id: RequestID, result: [String: JSONValue]) {
    self.id = id
    outcome = .result(result)
  }

  package init(_ id: RequestID?, _ error: ProtocolError) {
    self.id = id
    outcome = .error(error)
  }

  /// The whole message.
  package var json: JSONValue {
    var members: [String: JSONValue] = ["jsonrpc": "2.0", "id": id?.json ?? .null]
    switch outcome {
    case .result(let result): members["result"] = .object(result)
    case .error(let error): members["error"] = error.json
    }
    return .object(members)
  }

  /// The message as one line of UTF-8 without its end; line ends inside strings are escaped.
  package var text: [UInt8] {
    do {
      return Array(try JSON.data(json))
    } catch {
      // Only a number that is no number gets here, and an error response holds none but its code.
      return Response(id, .internalError).text
    }
  }
}
