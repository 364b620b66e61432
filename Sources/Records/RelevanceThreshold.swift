/// The relevance below which hits are left out.
package enum RelevanceThreshold: Hashable, Sendable {
  case value(Double)
  /// The cut that loses at most one true hit in a hundred; it decides about all hits of a query at
  /// once.
  case automatic

  package static let none = RelevanceThreshold.value(0)

  /// Reads `auto`, or a number from 0 to 1; nil for anything else.
  package init?(_ text: some StringProtocol) {
    if text == Self.automaticName {
      self = .automatic
    } else if let number = Double(text), (0...1).contains(number) {
      self = .value(number)
    } else {
      return nil
    }
  }

  package static let automaticName = "auto"
}

extension RelevanceThreshold: CustomStringConvertible {
  package var description: String {
    switch self {
    case .value(let number): "\(number)"
    case .automatic: Self.automaticName
    }
  }
}

extension RelevanceThreshold: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .value(let number): try container.encode(number)
    case .automatic: try container.encode(Self.automaticName)
    }
  }
}

extension RelevanceThreshold: ExpressibleByFloatLiteral {
  package init(floatLiteral value: Double) { self = .value(value) }
}
