import Glibc

/// A blocking connection, for everything that is not itself measured, and for the one-client latency probe.
final class RedisConnection {
  private let socket: LoopbackSocket
  private let port: UInt16
  private var buffer: [UInt8]
  private var start = 0
  private var end = 0

  init(port: UInt16, timeoutSeconds: Int = 30, bufferSize: Int = 65536) throws {
    self.port = port
    buffer = [UInt8](repeating: 0, count: bufferSize)
    socket = try LoopbackSocket(port: port)
    socket.setTimeout(seconds: timeoutSeconds)
  }

  func command(_ arguments: String...) throws -> Reply {
    try send(Request.encode(arguments))
    return try receive()
  }

  /// A number from INFO, such as `used_memory` of the section `memory`.
  func info(_ section: String, _ field: String) throws -> Int? {
    let lines = try command("INFO", section).text.split(whereSeparator: \.isNewline)
    return lines.first { $0.hasPrefix("\(field):") }.flatMap { Int($0.dropFirst(field.count + 1)) }
  }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    try bytes.withUnsafeBytes { bytes in
      while sent < bytes.count {
        let count = Glibc.send(socket.descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
          throw BenchError("127.0.0.1:\(port) takes no request: \(String(cString: strerror(errno)))")
        }
        sent += count
      }
    }
  }

  func receive() throws -> Reply {
    let line = try receiveLine()
    let rest = String(line.dropFirst())
    switch line.first {
    case "+": return .simple(rest)
    case "-": return .error(rest)
    case ":": return .integer(Int(rest) ?? 0)
    case "$":
      guard let count = Int(rest), count >= 0 else { return .bulk(nil) }
      var bytes = try receiveBytes(count + 2)
      bytes.removeLast(2)
      return .bulk(bytes)
    case "*":
      guard let count = Int(rest), count >= 0 else { return .array([]) }
      return .array(try (0..<count).map { _ in try receive() })
    default: throw BenchError("127.0.0.1:\(port) does not speak RESP2: \(line.prefix(60))")
    }
  }

  private func receiveLine() throws -> String {
    var line: [UInt8] = []
    while true {
      if start == end { try fill() }
      let byte = buffer[start]
      start += 1
      if byte == 0x0a { break }
      if byte != 0x0d { line.append(byte) }
    }
    return String(decoding: line, as: UTF8.self)
  }

  private func receiveBytes(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      if start == end { try fill() }
      let taken = min(count - bytes.count, end - start)
      buffer.withUnsafeBytes { bytes.append(contentsOf: $0[start..<start + taken]) }
      start += taken
    }
    return bytes
  }

  private func fill() throws {
    while true {
      let count = recv(socket.descriptor, &buffer, buffer.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let why = count == 0 ? "it closed the connection" : String(cString: strerror(errno))
        throw BenchError("127.0.0.1:\(port) sent no reply: \(why)")
      }
      start = 0
      end = count
      return
    }
  }
}
