/// Large values with a content of their own each, for readers that check every byte: a byte lost, doubled or from a
/// neighbour's value does not pass.
struct BigValues: Sendable {
  let values: [[UInt8]]

  init(values: [[UInt8]]) { self.values = values }

  init(count: Int, size: Int) {
    values = (0..<count).map { seed in
      var state = UInt64(seed + 1) &* 0x9e37_79b9_7f4a_7c15
      return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
        for index in 0..<size {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          buffer[index] = UInt8(truncatingIfNeeded: state >> 32)
        }
        initialized = size
      }
    }
  }

  static func key(_ index: Int) -> String { "big:\(index)" }

  func store(in servers: RedisServers) throws {
    let connection = try servers.primary.connect()
    for (index, value) in values.enumerated() {
      try connection.send(Request.encode([Array("SET".utf8), Array(Self.key(index).utf8), value]))
      let reply = try connection.receive()
      guard reply == .simple("OK") else { throw BenchError("SET \(Self.key(index)) failed: \(reply.text)") }
    }
    try servers.waitForReplication()
  }
}
