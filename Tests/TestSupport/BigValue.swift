import Glibc

/// A value of any size that is written and compared as a stream: neither side of the test ever holds it.
public struct BigValue: Sendable {
  private static let period = 65521  // a prime: no buffer of a power of two hides a shift
  private let block: [UInt8]
  public let size: Int

  public init(size: Int, seed: UInt64 = 1) {
    self.size = size
    var dice = SeededGenerator(seed: seed)
    let once = (0..<Self.period).map { _ in UInt8.random(in: 0...255, using: &dice) }
    block = once + once + once
  }

  /// Sends `SET key value`; the reply is left to the caller.
  public func set(_ key: String, through client: RESPClient) throws {
    try client.send("*3\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(size)\r\n")
    var offset = 0
    while offset < size {
      let start = offset % Self.period
      let count = min(size - offset, 2 * Self.period)
      try block.withUnsafeBytes { try client.send(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
      offset += count
    }
    try client.send("\r\n")
  }

  /// Reads a bulk string that must be this value.
  public func expect(from client: RESPClient) throws {
    var offset = 0
    let length = try client.streamBulk { piece in
      let same = block.withUnsafeBytes {
        memcmp($0.baseAddress! + offset % Self.period, piece.baseAddress!, piece.count) == 0
      }
      try check(same, "the value differs between \(offset) and \(offset + piece.count)")
      offset += piece.count
    }
    try check(length == size, "length \(length), expected \(size)")
  }
}
