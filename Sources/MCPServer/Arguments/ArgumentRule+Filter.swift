package import Records

extension ArgumentRule where Value == FilterExpression {
  /// A filter over fields and metadata; refusals name the argument `filter`, as it is always called.
  package static var filter: ArgumentRule<FilterExpression> {
    // A schema of the whole grammar would refer to itself, which many clients cannot read: the
    // description shows the grammar, and what breaks it is answered with what is allowed.
    Self(schema: ["type": "object"], standIn: .all, write: \.json) { value, _ in
      try FilterExpression(value)
    }
  }
}

extension FilterExpression {
  /// What a model has to know of the argument.
  static let description = """
    Only memories that match, exactly. A comparison is {"field", "op", "value"}; join them with \
    {"and": […]}, {"or": […]}, {"not": {…}}. Fields: \(fieldNames) (dots go deeper into metadata). \
    Operators: \(operatorNames); in takes an array, exists true or false. Times are ISO 8601. \
    Example: {"and": [{"field": "metadata.topic", "op": "eq", "value": "travel"}, \
    {"not": {"field": "occurred_at", "op": "lt", "value": "2026-01-01"}}]}
    """
}
