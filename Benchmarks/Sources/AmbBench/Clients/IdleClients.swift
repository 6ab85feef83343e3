/// Clients that asked once and then say nothing, as most of a pool's connections do.
final class IdleClients {
  private var connections: [RedisConnection] = []

  /// Grows to `count`; each new one has had a GET answered, so that what a target keeps after use is counted.
  func grow(to count: Int, port: UInt16) throws {
    connections.reserveCapacity(count)
    while connections.count < count {
      do {
        let connection = try RedisConnection(port: port, bufferSize: 64)
        let reply = try connection.command("GET", Dataset.key(0))
        if case .error(let text) = reply { throw BenchError(text) }
        connections.append(connection)
      } catch {
        throw BenchError("only \(connections.count) of \(count) idle clients were served: \(error)")
      }
    }
  }
}
