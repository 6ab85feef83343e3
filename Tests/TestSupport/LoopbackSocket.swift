import Glibc

/// The few socket calls the lab makes. Every descriptor is close-on-exec: one inherited by a redis-server would keep a
/// connection open that a test believes closed.
enum LoopbackSocket {
  static func make(family: Int32 = AF_INET) throws -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw systemFailure("socket") }
    return descriptor
  }

  static func set(_ option: Int32, at level: Int32 = SOL_SOCKET, to value: Int32, on descriptor: Int32) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Calls `body` with an IPv4 address and port as the C functions want them.
  static func withAddress<Result>(
    host: String = "127.0.0.1", port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
  ) rethrows -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    precondition(inet_pton(AF_INET, host, &address.sin_addr) == 1, "\(host) is no IPv4 address")
    return try withUnsafePointer(to: &address) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  static func connect(_ descriptor: Int32, toUnixPath path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }

  static func canListen(on port: UInt16) -> Bool {
    guard let descriptor = try? make() else { return false }
    defer { Glibc.close(descriptor) }
    set(SO_REUSEADDR, to: 1, on: descriptor)
    return withAddress(port: port) { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 1) == 0
  }
}
