import Glibc

/// Pulls one large value no faster than it is allowed, and compares every byte with what was stored.
final class PacedReader {
  enum Outcome: Equatable {
    case notAsked
    case reading
    case complete
    case wrong(String)
  }

  private let socket: LoopbackSocket
  private let expected: [UInt8]
  private let header: [UInt8]
  private let request: [UInt8]
  private var buffer = [UInt8](repeating: 0, count: 32768)
  private(set) var received = 0
  private(set) var outcome = Outcome.notAsked
  private(set) var askedAt: UInt64 = 0
  private(set) var finishedAt: UInt64 = 0

  private var total: Int { header.count + expected.count + 2 }

  /// The receive buffer is kept small, or the kernel would swallow the value and no target would see a slow reader.
  init(port: UInt16, key: String, expected: [UInt8]) throws {
    socket = try LoopbackSocket(port: port, receiveBuffer: 65536)
    socket.setNonBlocking()
    self.expected = expected
    header = Array("$\(expected.count)\r\n".utf8)
    request = Request.encode(["GET", key])
  }

  func ask() {
    askedAt = Clock.now()
    let isSent = send(socket.descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
    outcome = isSent ? .reading : .wrong("GET not taken: \(String(cString: strerror(errno)))")
  }

  var isDone: Bool { outcome != .notAsked && outcome != .reading }

  /// Reads until `allowance` bytes in all were received or nothing is there, in steps no smaller than 16 KiB.
  func read(upTo allowance: Int) {
    while outcome == .reading {
      let wanted = min(allowance - received, buffer.count, total - received)
      guard wanted >= min(16384, total - received) else { return }
      let count = recv(socket.descriptor, &buffer, wanted, 0)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { return }
      guard count > 0 else {
        outcome = .wrong(
          "closed after \(received) of \(total) bytes"
            + (count < 0 ? " (\(String(cString: strerror(errno))))" : ""))
        return
      }
      check(count)
    }
  }

  private func check(_ count: Int) {
    var offset = 0
    while offset < count && received < header.count {  // the header, byte by byte
      guard buffer[offset] == header[received] else {
        outcome = .wrong("bad header: \(String(decoding: buffer[..<min(count, 60)], as: UTF8.self).trimmed)")
        return
      }
      offset += 1
      received += 1
    }
    let bodyStart = received - header.count
    let body = min(count - offset, max(0, expected.count - bodyStart))
    if body > 0 {
      let isEqual = expected.withUnsafeBytes { expected in
        buffer.withUnsafeBytes { memcmp($0.baseAddress! + offset, expected.baseAddress! + bodyStart, body) == 0 }
      }
      guard isEqual else {
        outcome = .wrong("wrong bytes near offset \(bodyStart)")
        return
      }
    }
    received += count - offset
    if received == total {
      outcome = .complete
      finishedAt = Clock.now()
    }
  }
}
