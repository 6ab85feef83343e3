import CLibev
import Glibc

// What the kernel knows of a connection, asked for when a person wants to know.
extension Sockets {
  /// The address of the other side, `host:port`; a Unix socket's has no name.
  public static func peerName(_ fd: Int32) -> String { name(fd, getpeername) }

  /// The address of this side.
  public static func localName(_ fd: Int32) -> String { name(fd, getsockname) }

  /// Seconds since something came from the other side; 0 where the kernel does not say.
  public static func idleTime(_ fd: Int32) -> Int {
    var info = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    guard getsockopt(fd, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return 0 }
    return Int(info.tcpi_last_data_recv) / 1000
  }

  private static func name(
    _ fd: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> String {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    return withUnsafeMutablePointer(to: &storage) { storage in
      // A sockaddr_* begins with sockaddr's own fields: the kernel's convention for all of them.
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard ask(fd, address, &length) == 0 else { return "?:0" }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
          return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
            inet_ntop(AF_INET, &v4.pointee.sin_addr, &host, socklen_t(host.count))
            return "\(text(host)):\(UInt16(bigEndian: v4.pointee.sin_port))"
          }
        case AF_INET6:
          return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
            inet_ntop(AF_INET6, &v6.pointee.sin6_addr, &host, socklen_t(host.count))
            return "[\(text(host))]:\(UInt16(bigEndian: v6.pointee.sin6_port))"
          }
        default: return "unix:0"
        }
      }
    }
  }

  private static func text(_ host: [CChar]) -> String {
    String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
