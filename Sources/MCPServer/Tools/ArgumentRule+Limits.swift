internal import Records

/// The rules that several tools' arguments share.
extension ArgumentRule where Value == Int {
  static var pageSize: Self { .integer(in: Limits.pageSize) }
}

extension ArgumentRule where Value == String {
  static var content: Self { .text(1...Limits.contentLength) }
  static var query: Self { .text(1...Limits.queryLength) }
  static var memoryType: Self { .text(1...Limits.memoryTypeLength) }
  static var cursor: Self { .text(1...512) }
}

extension ArgumentRule where Value == [String] {
  package static var memoryTypes: Self { .list(of: .memoryType, count: 1...20) }
}
