/// One client, one GET at a time, timed with the nanosecond clock: redis-benchmark's histogram has steps of 8 µs, too
/// coarse for what a proxy adds.
struct LatencyProbe {
  let connection: RedisConnection
  let keys: Int

  init(port: UInt16, keys: Int) throws {
    connection = try RedisConnection(port: port)
    self.keys = keys
  }

  /// Microseconds of each GET, sorted.
  func run(count: Int) throws -> [Double] {
    var latencies: [Double] = []
    latencies.reserveCapacity(count)
    for _ in 0..<count {
      let request = Request.encode(["GET", Dataset.key(Int.random(in: 0..<keys))])
      let sent = Clock.now()
      try connection.send(request)
      let reply = try connection.receive()
      latencies.append(Double(Clock.now() - sent) / 1000)
      if case .error(let text) = reply { throw BenchError("GET failed: \(text)") }
    }
    return latencies.sorted()
  }
}
