package import Records

/// Says where a value breaks a JSON Schema; knows the words that schemas of this server use.
package func faults(of value: JSONValue, against schema: JSONValue, at path: String = "$") -> [String] {
  guard let schema = schema.object else { return ["\(path): the schema is not an object"] }
  var found: [String] = []
  if let type = schema["type"]?.string, !value.has(type: type) {
    return ["\(path): is not of type \(type)"]
  }
  if let allowed = schema["enum"]?.array, !allowed.contains(value) {
    found.append("\(path): is not in the enumeration")
  }
  if schema["format"] == "date-time", value.string.flatMap({ Timestamp($0) }) == nil {
    found.append("\(path): is not a time")
  }
  if case .object(let members) = value {
    let properties = schema["properties"]?.object ?? [:]
    for name in schema["required"]?.array ?? [] where members[name.string ?? ""] == nil {
      found.append("\(path): \(name) is missing")
    }
    for (name, member) in members {
      if let property = properties[name] {
        found += faults(of: member, against: property, at: "\(path).\(name)")
      } else if let rest = schema["additionalProperties"] {
        found +=
          rest == false
          ? ["\(path): \(name) is not allowed"]
          : faults(of: member, against: rest, at: "\(path).\(name)")
      }
    }
  }
  if case .array(let elements) = value, let items = schema["items"] {
    for (index, element) in elements.enumerated() {
      found += faults(of: element, against: items, at: "\(path)[\(index)]")
    }
  }
  return found
}

extension JSONValue {
  fileprivate func has(type: String) -> Bool {
    switch (type, self) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
      ("integer", .integer), ("number", .integer), ("number", .number):
      true
    default: false
    }
  }
}
