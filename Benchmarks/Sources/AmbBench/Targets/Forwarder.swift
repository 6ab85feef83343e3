import Glibc

/// The least that anything between client and server can do: a thread that passes bytes on and reads none, with an upstream
/// connection for each client. What it costs is what the hop costs. This program itself, as `amb-bench forward`.
struct Forwarder: ProxyRecipe {
  static let verb = "forward"

  let kind = TargetKind.forwarder
  let isMultithreaded = false
  let versionArguments = [verb, "--version"]

  func program() throws -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    guard length > 0, length < path.count else { throw BenchError("/proc/self/exe does not say where amb-bench is") }
    return String(decoding: path[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  func arguments(_ request: LaunchRequest) throws -> [String] {
    [try program(), Self.verb, "\(request.listen)", "\(request.upstream)"]
  }

  /// What `amb-bench forward` does; false if that is not what the arguments ask for.
  static func run(_ arguments: [String]) throws -> Bool {
    guard arguments.first == verb else { return false }
    let ports = arguments.dropFirst().compactMap { UInt16($0) }
    if ports.count == 2 { try forward(from: ports[0], to: ports[1]) }
    print("amb-bench's own")
    return true
  }

  private static func forward(from port: UInt16, to upstream: UInt16) throws -> Never {
    let listener = streamSocket()
    guard listener >= 0, withLoopbackAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 4096) == 0
    else { throw BenchError("the forwarder cannot listen on 127.0.0.1:\(port): \(String(cString: strerror(errno)))") }
    // The ends of a connection are next to each other: 1 and 2, 3 and 4 ...
    var ends = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
    var chunk = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      poll(&ends, nfds_t(ends.count), -1)
      for index in ends.indices.dropFirst() where ends[index].revents != 0 {
        let other = ((index - 1) ^ 1) + 1
        if !passOn(from: ends[index].fd, to: ends[other].fd, &chunk) {
          for end in [index, other] {
            close(ends[end].fd)
            ends[end].fd = -1
            ends[end].revents = 0
          }
        }
      }
      if ends[0].revents != 0 { accept(from: listener, upstream, &ends) }
    }
  }

  private static func passOn(from one: Int32, to other: Int32, _ chunk: inout [UInt8]) -> Bool {
    let received = recv(one, &chunk, chunk.count, 0)
    var sent = 0
    while sent < received {
      let passed = chunk.withUnsafeBytes { send(other, $0.baseAddress! + sent, received - sent, Int32(MSG_NOSIGNAL)) }
      guard passed > 0 else { return false }
      sent += passed
    }
    return received > 0
  }

  private static func accept(from listener: Int32, _ upstream: UInt16, _ ends: inout [pollfd]) {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return }
    let server = streamSocket()
    guard withLoopbackAddress(upstream, { connect(server, $0, $1) }) == 0 else {
      close(client)
      close(server)
      return
    }
    var yes: Int32 = 1
    for end in [client, server] {
      setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      ends.append(pollfd(fd: end, events: Int16(POLLIN), revents: 0))
    }
  }

  private static func streamSocket() -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }
}
