/// The oracle: every row in fp64, sorted whole.
struct Exhaustive {
  enum Metric: String, CaseIterable, Sendable { case cosine, ip, l2 }

  let metric: Metric
  let rows: [[Float]]

  /// The rows that a condition admits, by score descending, then by number.
  func ranking(_ query: [Float], where holds: (Int) -> Bool = { _ in true }) -> [(Int, Double)] {
    rows.indices.filter(holds).map { ($0, score(query, rows[$0])) }
      .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
  }

  private func score(_ a: [Float], _ b: [Float]) -> Double {
    func product(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    switch metric {
    case .ip: return product(a, b)
    case .cosine: return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    case .l2: return 2 * product(a, b) - product(a, a) - product(b, b)
    }
  }
}
