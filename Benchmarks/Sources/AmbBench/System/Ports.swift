import Glibc

/// Free loopback ports, taken from below the ephemeral range so that no outgoing connection grabs one between our look
/// and the server's bind.
enum Ports {
  static func free() throws -> UInt16 {
    for _ in 0..<200 {
      let port = UInt16.random(in: 20000..<32000)
      if isFree(port) { return port }
    }
    throw BenchError("found no free port on 127.0.0.1 between 20000 and 32000")
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return withLoopbackAddress(port) { bind(descriptor, $0, $1) } == 0
  }
}

func withLoopbackAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
