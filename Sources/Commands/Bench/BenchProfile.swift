internal import ArgumentParser

/// How large a measurement is.
enum BenchProfile: String, CaseIterable, ExpressibleByArgument {
  /// A few seconds.
  case quick
  /// A million rows of ten thousand users: some minutes, 3 GB of disk.
  case million
  /// Ten million rows of a hundred thousand users: 25 GB of disk.
  case tenMillion = "ten-million"

  var rows: Int {
    switch self {
    case .quick: 50_000
    case .million: 1_000_000
    case .tenMillion: 10_000_000
    }
  }

  var users: Int { rows / 100 }

  var dimension: Int { 384 }

  /// How many searches each case of small scopes is measured over.
  var searches: Int { self == .quick ? 1_000 : 5_000 }

  /// The same where every row is looked at.
  var fullSearches: Int {
    switch self {
    case .quick: 200
    case .million: 100
    case .tenMillion: 30
    }
  }

  /// What it needs on disk: the vectors, their codes, keys and ids, and a little more.
  var bytes: Int { rows * (dimension * 5 + 200) }
}
