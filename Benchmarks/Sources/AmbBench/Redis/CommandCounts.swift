/// How often servers themselves have executed each command, all together, as INFO commandstats tells.
struct CommandCounts: Equatable {
  private var calls: [String: Int] = [:]

  /// Reads the counts of servers; asking counts as one INFO.
  struct Watch {
    private let connections: [RedisConnection]

    init(_ servers: [RedisServers.Server]) throws { connections = try servers.map { try $0.connect() } }

    func counts() throws -> CommandCounts {
      var counts = CommandCounts()
      for connection in connections { counts.add(try connection.command("INFO", "commandstats").text) }
      return counts
    }
  }

  init() {}

  /// Lines such as `cmdstat_get:calls=12,usec=...`.
  init(_ text: String) { add(text) }

  subscript(command: String) -> Int { calls[command] ?? 0 }

  static func - (now: CommandCounts, before: CommandCounts) -> CommandCounts {
    var difference = CommandCounts()
    for (command, count) in now.calls { difference.calls[command] = count - before[command] }
    return difference
  }

  private mutating func add(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_") {
      let parts = line.dropFirst("cmdstat_".count).split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[1].hasPrefix("calls=") else { continue }
      let digits = parts[1].dropFirst("calls=".count).prefix { $0.isNumber }
      calls[String(parts[0]), default: 0] += Int(digits) ?? 0
    }
  }
}
