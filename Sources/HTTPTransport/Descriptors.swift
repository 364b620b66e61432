#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How many files the process may have open, sockets among them.
enum Descriptors {
  /// How many connections there are at most.
  private static let mostConnections = 8_192
  /// Left for the store, the log and the models.
  private static let reserve = 512

  /// Raises the limit as far as the system lets the process, and returns how many connections fit
  /// beneath it: a server that cannot accept one more because of it would accept none ever after.
  static func connectionLimit() -> Int {
    #if canImport(Glibc)
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    let files = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard unsafe getrlimit(files, &limit) == 0 else { return reserve }
    let wanted = min(limit.rlim_max, rlim_t(mostConnections + reserve))
    if limit.rlim_cur < wanted {
      var raised = limit
      raised.rlim_cur = wanted
      if unsafe setrlimit(files, &raised) == 0 { limit = raised }
    }
    let open = Int(min(limit.rlim_cur, rlim_t(mostConnections + reserve)))
    // With very few, half of them.
    return max(open - reserve, open / 2)
  }
}
