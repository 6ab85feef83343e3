import Glibc
import Synchronization

/// A port of 127.0.0.1 that is ours until this process ends, so that a server can die and come back on it.
///
/// Ports come from below the ephemeral range: one handed out by `bind(0)` may be taken as the local port of some
/// outgoing connection while its server is down (and connecting to it then may even succeed, to itself). A lock file
/// a port keeps two suites that run at once apart; a listening socket tells whether anybody else has it.
public struct PortLease: Sendable {
  public let port: UInt16

  private static let range: ClosedRange<UInt16> = 15000...31999
  private static let directory = "/tmp/redis-amb-test-ports"
  private static let next = Mutex(UInt16.random(in: range))

  public init() throws {
    mkdir(Self.directory, 0o777)
    for _ in Self.range {
      let candidate = Self.next.withLock { next in
        next = next == Self.range.upperBound ? Self.range.lowerBound : next + 1
        return next
      }
      if Self.lock(candidate) {
        port = candidate
        return
      }
    }
    throw Failure("no free port in \(Self.range)")
  }

  /// The lock is the open descriptor: never closed by us, given back by the kernel when the process is gone.
  private static func lock(_ port: UInt16) -> Bool {
    let descriptor = open("\(directory)/\(port)", O_CREAT | O_RDWR | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return false }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, LoopbackSocket.canListen(on: port) else {
      Glibc.close(descriptor)
      return false
    }
    return true
  }
}
