internal import VectorEngine

/// What `recollect index search` prints.
struct SearchSummary: Encodable {
  private struct Explanation: Encodable {
    let query: Int
    let path: String
    let rowsInScope: Int
    let rescoredRows: Int

    private enum CodingKeys: String, CodingKey {
      case query, path
      case rowsInScope = "rows_in_scope"
      case rescoredRows = "rescored_rows"
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }

    init?(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
  }

  private let search: SearchRun
  private let seconds: Double
  private let latency: LatencySummary
  private let scannedRows: Int
  private let rescoredRows: Int
  private let recall: Double?
  private let explanations: [Explanation]?

  init(
    _ search: SearchRun, _ passes: [SearchRun.Pass], _ reports: [SearchReport], recall: Double?,
    explainsFirst: Int?
  ) {
    self.search = search
    seconds = LatencySummary(passes.map(\.seconds)).quantile(0.5)
    latency = LatencySummary(passes.flatMap(\.microseconds))
    scannedRows = reports.reduce(0) { $0 + $1.rowsInScope }
    rescoredRows = reports.reduce(0) { $0 + $1.rescoredRows }
    self.recall = recall
    explanations = explainsFirst.map { number in
      reports.prefix(number).enumerated().map { query, report in
        Explanation(
          query: query, path: report.path.rawValue, rowsInScope: report.rowsInScope,
          rescoredRows: report.rescoredRows)
      }
    }
  }

  private var queriesPerSecond: Double {
    seconds > 0 ? Double(search.queries.count) / seconds : 0
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(search.queries.count, forKey: Key("queries"))
    try container.encode(search.count, forKey: Key("count"))
    try container.encode(search.batch, forKey: Key("batch"))
    try container.encode(search.threads, forKey: Key("threads"))
    try container.encode(seconds, forKey: Key("seconds"))
    try container.encode(queriesPerSecond, forKey: Key("qps"))
    try container.encode(latency.quantile(0.5), forKey: Key("p50_us"))
    try container.encode(latency.quantile(0.99), forKey: Key("p99_us"))
    try container.encode(latency.quantile(0.999), forKey: Key("p999_us"))
    try container.encode(latency.mean, forKey: Key("mean_us"))
    try container.encode(scannedRows, forKey: Key("scanned_rows"))
    try container.encode(rescoredRows, forKey: Key("rescored_rows"))
    if let recall { try container.encode(recall, forKey: Key("recall@\(search.count)")) }
    if let explanations { try container.encode(explanations, forKey: Key("explain")) }
  }

  var text: String {
    let grouping = search.batch == 1 ? "one by one" : "\(search.batch) at a time"
    let threads = search.threads == 1 ? "1 thread" : "\(search.threads) threads"
    var lines = [
      "\(search.queries.count) queries for \(search.count) neighbours, \(grouping), \(threads)",
      "\(seconds.rounded(places: 4)) s a pass, \(queriesPerSecond.rounded(places: 1)) queries a "
        + "second",
      "µs a query: p50 \(latency.quantile(0.5).rounded(places: 1)), "
        + "p99 \(latency.quantile(0.99).rounded(places: 1)), "
        + "p99.9 \(latency.quantile(0.999).rounded(places: 1)), "
        + "mean \(latency.mean.rounded(places: 1))",
      "\(scannedRows) rows scanned, \(rescoredRows) scored again",
    ]
    if let recall { lines.append("recall@\(search.count) \(recall.rounded(places: 4))") }
    for one in explanations ?? [] {
      lines.append(
        "query \(one.query): \(one.path) over \(one.rowsInScope) rows, \(one.rescoredRows) scored "
          + "again")
    }
    return lines.joined(separator: "\n")
  }
}
