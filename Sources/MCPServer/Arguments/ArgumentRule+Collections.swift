package import Records

extension ArgumentRule {
  /// So many elements, each under the same rule.
  package static func list<Element>(
    of rule: ArgumentRule<Element>, count: ClosedRange<Int>
  ) -> Self where Value == [Element] {
    Self(
      schema: [
        "type": "array", "items": .object(rule.schema),
        "minItems": .integer(Int64(count.lowerBound)),
        "maxItems": .integer(Int64(count.upperBound)),
      ],
      standIn: [], write: { .array($0.map(rule.write)) },
      read: { value, place in
        guard let elements = value.array, count.contains(elements.count) else {
          throw place.invalid(
            "must be an array of \(count.lowerBound) to \(count.upperBound) items")
        }
        return try elements.enumerated().map { index, element in
          try rule.read(element, ArgumentPlace(name: place.name, index: index))
        }
      })
  }
}

extension ArgumentRule where Value: ToolInput {
  /// An object whose members are read as arguments are.
  static func record(_ type: Value.Type) -> Self {
    let description: (schema: [String: JSONValue], standIn: Value)
    do {
      description = try ArgumentReader.description(of: type)
    } catch {
      preconditionFailure("\(type) throws while it is described: \(error)")
    }
    return Self(
      schema: description.schema, standIn: description.standIn, write: { _ in .null }
    ) { value, place in
      guard let members = value.object else { throw place.invalid("must be an object") }
      var reader = ArgumentReader(members)
      do {
        let record = try Value(&reader)
        try reader.finish()
        return record
      } catch let error as ServiceError {
        throw place.invalid("is refused: \(error.message.trimmingFullStop)")
      }
    }
  }
}

extension String {
  fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}

extension ArgumentRule where Value == [String: JSONValue] {
  /// Any JSON object.
  package static var object: ArgumentRule<[String: JSONValue]> {
    Self(schema: ["type": "object"], standIn: [:], write: JSONValue.object) { value, place in
      guard let members = value.object else { throw place.invalid("must be an object") }
      guard !value.containsString(where: { $0.utf8.contains(0) }) else {
        throw place.invalid("must not hold the character U+0000")
      }
      return members
    }
  }

  /// What callers attach to a record, within the limits of size and depth; no value is null.
  package static var metadata: Self {
    let changes = metadataChanges
    return Self(schema: changes.schema, standIn: [:], write: changes.write) { value, place in
      let members = try changes.read(value, place)
      if let name = members.keys.filter({ members[$0] == .null }).min() {
        throw place.invalid("must not hold null, as under \(name.prefix(64))")
      }
      return members
    }
  }

  /// What changes in metadata: names with new values, and with null those that go.
  package static var metadataChanges: Self {
    let object = Self.object
    return Self(schema: object.schema, standIn: [:], write: object.write) { value, place in
      let members = try object.read(value, place)
      guard value.depth <= Limits.metadataDepth else {
        throw place.invalid("must not be nested deeper than \(Limits.metadataDepth) levels")
      }
      let bytes = try JSON.data(value).count
      guard bytes <= Limits.metadataBytes else {
        throw place.invalid("must have at most \(Limits.metadataBytes) bytes of JSON, not \(bytes)")
      }
      return members
    }
  }
}
