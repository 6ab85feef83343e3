import CLibev
import Glibc

/// A numeric address that a socket can be bound or connected to.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 literal, this one with a zone if it has one (`fe80::1%eth0`), or the path of a Unix socket.
  public let host: String
  /// Nothing for a Unix socket.
  public let port: UInt16?

  /// Takes an IP literal; nothing when `host` is not one (a name must be resolved first), or has a zone that this machine
  /// does not.
  public init?(ip host: String, port: UInt16) {
    var scratch = in_addr()
    guard inet_pton(AF_INET, host, &scratch) == 1 || parseIPv6(host) != nil else { return nil }
    self.host = host
    self.port = port
  }

  /// A Unix socket's address.
  public init(unixPath: String) {
    host = unixPath
    port = nil
  }

  public var description: String {
    guard let port else { return "unix:\(host)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Calls `body` with the address in the kernel's form.
  func withSockaddr<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t, _ family: Int32) -> Result
  ) throws(SystemError) -> Result {
    guard let port else {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let path = Array(host.utf8)
      guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { throw SystemError(code: ENAMETOOLONG) }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
      return withSockaddrPointer(&address) { body($0, $1, AF_UNIX) }
    }
    var v4 = sockaddr_in()
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      return withSockaddrPointer(&v4) { body($0, $1, AF_INET) }
    }
    guard let (address, zone) = parseIPv6(host) else { throw SystemError(code: EADDRNOTAVAIL) }
    var v6 = sockaddr_in6()
    v6.sin6_addr = address
    v6.sin6_scope_id = zone
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    return withSockaddrPointer(&v6) { body($0, $1, AF_INET6) }
  }
}

/// The address, and the number of the interface that its zone names, by its name or number; 0 for no zone.
private func parseIPv6(_ text: String) -> (address: in6_addr, zone: UInt32)? {
  let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
  var address = in6_addr()
  guard inet_pton(AF_INET6, String(parts[0]), &address) == 1 else { return nil }
  guard parts.count == 2 else { return (address, 0) }
  let named = if_nametoindex(String(parts[1]))
  let zone = named > 0 ? named : UInt32(parts[1]) ?? 0
  return zone > 0 ? (address, zone) : nil
}

private func withSockaddrPointer<Address, Result>(
  _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  withUnsafePointer(to: &address) { pointer in
    // A sockaddr_* begins with sockaddr's own fields: the kernel's convention for all of them.
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
  }
}

/// Opens sockets, always non-blocking and closed on exec.
public enum Sockets {
  /// Listens on `address`. A Unix socket's stale file is replaced when nobody answers on it.
  /// - Parameter mode: the permissions of a Unix socket's file, from the moment that it exists; nothing for the umask's.
  public static func listen(
    on address: SocketAddress, backlog: Int32 = 1024, mode: UInt32? = nil
  ) throws(SystemError) -> Int32 {
    if address.port == nil { removeStaleSocket(address) }
    let outcome: Result<Int32, SystemError> = try address.withSockaddr { pointer, length, family in
      let fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard fd >= 0 else { return .failure(.last) }
      if family != AF_UNIX { setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) }
      // Linux gives the file the mode that the socket has when it is bound.
      let isNarrowed = mode.map { fchmod(fd, $0) == 0 } ?? true
      guard isNarrowed, bind(fd, pointer, length) == 0, Glibc.listen(fd, backlog) == 0 else {
        let error = SystemError.last
        Gate.close(fd)
        return .failure(error)
      }
      return .success(fd)
    }
    return try outcome.get()
  }

  /// Starts to connect. The descriptor is writable when the attempt has ended; ``connectError(_:)`` tells how.
  public static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
    let outcome: Result<Int32, SystemError> = try address.withSockaddr { pointer, length, family in
      let fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
      guard fd >= 0 else { return .failure(.last) }
      if family != AF_UNIX { tuneUpstream(fd) }
      guard Glibc.connect(fd, pointer, length) == 0 || errno == EINPROGRESS else {
        let error = SystemError.last
        Gate.close(fd)
        return .failure(error)
      }
      return .success(fd)
    }
    return try outcome.get()
  }

  /// How an attempt to connect has ended: nothing means connected.
  public static func connectError(_ fd: Int32) -> SystemError? {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return .last }
    return code == 0 ? nil : SystemError(code: code)
  }

  /// What a listening socket has to give.
  public enum Accepted {
    case connection(Int32)
    case none
    /// Out of descriptors or memory: stop accepting for a while.
    case exhausted(SystemError)
  }

  public static func accept(on fd: Int32) -> Accepted {
    while true {
      let connection = amb_accept4(fd, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
      if connection >= 0 {
        setOption(connection, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return .connection(connection)
      }
      switch errno {
      case EINTR, ECONNABORTED, EPROTO: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(.last)
      default: return .none
      }
    }
  }

  /// The port that a listening socket was given, for those bound to port 0.
  public static func localPort(_ fd: Int32) -> UInt16? {
    var storage = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let status = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
    }
    // sin_port and sin6_port are at the same place.
    return status == 0 ? UInt16(bigEndian: storage.sin6_port) : nil
  }

  /// A peer that vanished without a word (no FIN, no RST) is noticed by the kernel within about 15 s at the latest;
  /// the proxy's own deadlines are shorter.
  private static func tuneUpstream(_ fd: Int32) {
    setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1)
    setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 5)
    setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 3)
    setOption(fd, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    setOption(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 15_000)
  }

  private static func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    // An option that cannot be set costs latency or detection time, never correctness.
    _ = setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Only a socket is removed, and only one that refuses: anything else at the path is somebody's, and connecting to a
  /// plain file is refused as well.
  private static func removeStaleSocket(_ address: SocketAddress) {
    var status = stat()
    guard lstat(address.host, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    do throws(SystemError) {
      Gate.close(try connect(to: address))
    } catch {
      if error.code == ECONNREFUSED { unlink(address.host) }
    }
  }
}
