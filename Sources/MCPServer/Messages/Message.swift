package import Records

/// A message that wants an answer.
package struct Request: Hashable, Sendable {
  package let id: RequestID
  package let method: String
  /// Empty when the message had none.
  package let params: [String: JSONValue]

  package init(id: RequestID, method: String, params: [String: JSONValue] = [:]) {
    self.id = id
    self.method = method
    self.params = params
  }
}

/// A message that is never answered; JSON-RPC calls it a notification.
package struct Notice: Hashable, Sendable {
  package let method: String
  /// Empty when the message had none.
  package let params: [String: JSONValue]
}

/// What a JSON-RPC text can be.
package enum Message: Hashable, Sendable {
  case request(Request)
  case notice(Notice)
  /// An answer to something; as this server asks nothing, its contents do not matter.
  case response
  /// Not a message; the response says why.
  case malformed(Response)

  /// Reads a text; members it does not know are ignored, at every level.
  ///
  /// - Complexity: linear in the bytes.
  package init(_ text: [UInt8]) {
    do throws(JSONTextReader.Fault) {
      self.init(try JSONTextReader.value(of: text))
    } catch {
      let place = "at byte \(error.offset)"
      self = .malformed(Response(nil, .parseError("Not JSON: \(error.reason), \(place).")))
    }
  }

  private init(_ value: JSONValue) {
    guard let members = value.object else {
      let what = value.array == nil ? "A message" : "Batches are not served: a message"
      self = .malformed(Response(nil, .invalidRequest("\(what) is a JSON object.")))
      return
    }
    let id = members["id"].flatMap(RequestID.init)
    func malformed(_ rule: String) -> Message { .malformed(Response(id, .invalidRequest(rule))) }

    guard members["jsonrpc"] == "2.0" else {
      self = malformed("jsonrpc must be \"2.0\".")
      return
    }
    guard let named = members["method"] else {
      let isAnswer = members["result"] != nil || members["error"] != nil
      self = isAnswer ? .response : malformed("A request has a method.")
      return
    }
    guard let method = named.string else {
      self = malformed("method must be a string.")
      return
    }
    guard members["id"] != nil else {
      self = .notice(Notice(method: method, params: members["params"]?.object ?? [:]))
      return
    }
    guard let id else {
      self = malformed("id must be a string or an integer.")
      return
    }
    switch members["params"] {
    case nil, .null: self = .request(Request(id: id, method: method))
    case .object(let params): self = .request(Request(id: id, method: method, params: params))
    default: self = .malformed(Response(id, .invalidParams("params must be an object.")))
    }
  }
}
