package import Records

/// The rules that contents, names and metadata obey, whoever brings them.
package enum Validation {
  /// A name without the blanks around it.
  package static func name(_ text: String, field: String) throws(ServiceError) -> String {
    try self.text(text, field: field, limit: Limits.nameLength)
  }

  /// The content of a memory, as it is.
  package static func content(_ text: String) throws(ServiceError) -> String {
    _ = try self.text(text, field: "content", limit: Limits.contentLength)
    return text
  }

  /// A query or a question without the blanks around it.
  package static func query(_ text: String, field: String) throws(ServiceError) -> String {
    try self.text(text, field: field, limit: Limits.queryLength)
  }

  /// The type of a memory without the blanks around it.
  package static func memoryType(_ text: String) throws(ServiceError) -> String {
    try self.text(text, field: "memory_type", limit: Limits.memoryTypeLength)
  }

  package static func importance(_ value: Double) throws(ServiceError) {
    guard (0...1).contains(value) else { throw .invalid("importance", "must be from 0 to 1") }
  }

  /// A counter that comes from outside: beyond this it could not be counted on.
  package static func count(_ value: Int, field: String) throws(ServiceError) -> Int {
    guard (0...Limits.largestCount).contains(value) else {
      throw .invalid(field, "must be from 0 to \(Limits.largestCount)")
    }
    return value
  }

  package static func pageSize(_ limit: Int) throws(ServiceError) {
    guard Limits.pageSize.contains(limit) else {
      throw .invalid(
        "limit", "must be from \(Limits.pageSize.lowerBound) to \(Limits.pageSize.upperBound)")
    }
  }

  /// Metadata by size and depth, without U+0000.
  package static func metadata(_ metadata: [String: JSONValue]) throws {
    guard !metadata.isEmpty else { return }
    let value = JSONValue.object(metadata)
    guard value.depth <= Limits.metadataDepth else {
      throw ServiceError.invalid(
        "metadata", "is nested more than \(Limits.metadataDepth) levels deep")
    }
    guard !value.containsString(where: { $0.contains("\0") }) else {
      throw ServiceError.invalid("metadata", "must not hold the character U+0000")
    }
    guard try JSON.data(value).count <= Limits.metadataBytes else {
      throw ServiceError.invalid("metadata", "is larger than \(Limits.metadataBytes) bytes")
    }
  }

  private static func text(
    _ text: String, field: String, limit: Int
  ) throws(ServiceError) -> String {
    let trimmed = text.trimmed
    guard !trimmed.isEmpty else { throw .invalid(field, "must not be blank") }
    // A scalar has at least one byte: short texts are not counted.
    guard text.utf8.count <= limit || text.unicodeScalars.count <= limit else {
      throw .invalid(field, "is longer than \(limit) characters")
    }
    guard !text.utf8.contains(0) else {
      throw .invalid(field, "must not hold the character U+0000")
    }
    return trimmed
  }
}
