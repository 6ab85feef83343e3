import Glibc
import Testing

@testable import Reactor

/// Makes a loop of its own and frees it behind `body`, which must leave nothing armed on it.
func withLoop<Result>(_ body: (EventLoop) throws -> Result) throws -> Result {
  let loop = try #require(EventLoop())
  defer { loop.destroy() }
  return try body(loop)
}

extension EventLoop {
  /// Runs until somebody stops it. False: nobody did, and it was given up.
  func runUntilStopped(atMost seconds: Double = 10) -> Bool {
    var isLate = false
    let guardian = TimerSource(on: self, after: seconds) {
      isLate = true
      stop()
    }
    withExtendedLifetime(guardian) { run() }
    return !isLate
  }

  /// Runs for so long, whoever stops it.
  func runFor(_ seconds: Double) {
    let timer = TimerSource(on: self, after: seconds) { stop() }
    withExtendedLifetime(timer) { run() }
  }
}

/// Two connected sockets; closed when nobody holds them any more.
final class SocketPair {
  let near: Int32
  let far: Int32

  init() throws {
    var fds: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &fds) == 0)
    near = fds[0]
    far = fds[1]
  }

  deinit {
    Gate.close(near)
    Gate.close(far)
  }

  func sendFromFar(_ text: String = "x") {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { $0.baseAddress.map { Gate.send(far, $0, count: bytes.count) } }
  }
}

/// Holds what a handler gives up, and counts.
final class Holder<Held> {
  var held: Held?
  var calls = 0
}
