import Glibc

/// A Unix socket for datagrams, as a service manager has one.
public final class DatagramListener: Sendable {
  private let descriptor: Int32

  public init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw systemFailure("socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { throw systemFailure("bind \(path)") }
  }

  deinit { close(descriptor) }

  /// Waits for the next datagram.
  public func next(within duration: Duration = Deadline.patience) throws -> String {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Deadline(within: duration).milliseconds) == 1 else {
      throw Failure("no datagram within \(duration)")
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }
}

/// Lets this process open so many files; they are its own limit's business, not the test's.
public func raiseDescriptorLimit(to count: Int) throws {
  let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  var limit = rlimit()
  getrlimit(kind, &limit)
  guard limit.rlim_max >= UInt(count) else { throw Failure("at most \(limit.rlim_max) files may be open") }
  limit.rlim_cur = max(limit.rlim_cur, UInt(count))
  setrlimit(kind, &limit)
}
