/// Makes servers that retain memory touch, once and for all, what unread replies will take.
enum MemoryWarmUp {
  static func run(_ servers: [RedisServers.Server], readers: Int, values: BigValues) throws {
    let size = values.values[0].count
    let before = try servers.map { try $0.usedMemory() }
    do {
      var crowds: [[PacedReader]] = []  // they ask and never read
      for server in servers {
        let crowd = try (0..<readers).map { _ in
          try PacedReader(port: server.port, key: BigValues.key(0), expected: values.values[0])
        }
        for reader in crowd { reader.ask() }
        crowds.append(crowd)
      }
      for (server, base) in zip(servers, before) {
        let isFull = try Clock.wait(seconds: 120, every: 100) {
          try server.usedMemory() - base > readers * size / 10 * 9
        }
        guard isFull else {
          throw BenchError("the server on port \(server.port) did not take in \(readers) GETs within 120 s")
        }
      }
      withExtendedLifetime(crowds) {}
    }
    for (server, base) in zip(servers, before) {
      _ = try Clock.wait(seconds: 20, every: 50) { try server.usedMemory() - base < size }
    }
  }
}
