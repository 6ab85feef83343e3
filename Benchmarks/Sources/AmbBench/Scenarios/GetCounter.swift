/// How many GETs a server itself has executed, as its INFO commandstats tells.
struct GetCounter {
  let server: RedisServers.Server
  private let connection: RedisConnection

  init(server: RedisServers.Server) throws {
    self.server = server
    connection = try server.connect()
  }

  func calls() throws -> Int {
    let lines = try connection.command("INFO", "commandstats").text.split(whereSeparator: \.isNewline)
    let prefix = "cmdstat_get:calls="
    guard let line = lines.first(where: { $0.hasPrefix(prefix) }) else { return 0 }
    return Int(line.dropFirst(prefix.count).prefix { $0.isNumber }) ?? 0
  }

  /// Seconds from `start` until the count rises in five windows of 100 ms one after the other; requests that waited in
  /// its socket while it was frozen make it rise once, and do not count as serving again.
  func secondsUntilSteadyReads(from start: UInt64, patience: Double) throws -> Double? {
    var last = try calls()
    var risingSince: UInt64?
    var rises = 0
    while Double(Clock.now() - start) / 1e9 < patience {
      let windowBegan = Clock.now()
      Clock.sleep(milliseconds: 100)
      let now = try calls()
      if now > last {
        risingSince = risingSince ?? windowBegan
        rises += 1
      } else {
        risingSince = nil
        rises = 0
      }
      last = now
      if rises == 5, let risingSince { return Double(risingSince - start) / 1e9 }
    }
    return nil
  }
}
