/// The keys redis-benchmark asks for (`key:` and twelve digits), each with a value that begins with its own digits, so
/// that a reply meant for another request is seen.
struct Dataset: Equatable {
  var valueSize: Int
  var keys: Int

  static let small = Dataset(valueSize: 32, keys: 100_000)
  static let kibibyte = Dataset(valueSize: 1024, keys: 20_000)
  static let large = Dataset(valueSize: 65536, keys: 500)

  static func digits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 12 - digits.count) + digits
  }

  static func key(_ number: Int) -> String { "key:" + digits(number) }

  func value(_ number: Int) -> [UInt8] {
    Array(Self.digits(number).utf8) + [UInt8](repeating: 0x78, count: valueSize - 12)
  }

  /// Replaces whatever the servers hold.
  func fill(_ servers: RedisServers) throws {
    let connection = try servers.primary.connect()
    guard try connection.command("FLUSHALL") == .simple("OK") else { throw BenchError("FLUSHALL failed") }
    let batch = max(1, min(1000, 1_000_000 / valueSize))
    var next = 0
    while next < keys {
      let numbers = next..<min(next + batch, keys)
      try connection.send(numbers.flatMap { Request.encode([Array("SET".utf8), Array(Self.key($0).utf8), value($0)]) })
      for _ in numbers {
        let reply = try connection.receive()
        guard reply == .simple("OK") else { throw BenchError("SET failed: \(reply.text)") }
      }
      next = numbers.upperBound
    }
    try servers.waitForReplication()
  }
}
