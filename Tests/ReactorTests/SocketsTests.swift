import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite("Sockets on loopback")
struct SocketsTests {
  private static let anyPort = SocketAddress(ip: "127.0.0.1", port: 0)

  /// How an attempt has ended: a connected descriptor, or why not.
  private func connect(to address: SocketAddress) -> Result<Int32, SystemError> {
    do throws(SystemError) {
      let fd = try Sockets.connect(to: address)
      wait(fd, for: POLLOUT)
      guard let error = Sockets.connectError(fd) else { return .success(fd) }
      Gate.close(fd)
      return .failure(error)
    } catch {
      return .failure(error)
    }
  }

  private func wait(_ fd: Int32, for event: Int32) {
    var descriptor = pollfd(fd: fd, events: Int16(event), revents: 0)
    #expect(poll(&descriptor, 1, 5000) == 1)
  }

  private func accept(on fd: Int32) -> Int32? {
    wait(fd, for: POLLIN)
    if case .connection(let connection) = Sockets.accept(on: fd) { return connection }
    return nil
  }

  private func option(_ fd: Int32, _ level: Int32, _ name: Int32) -> Int32 {
    var value: Int32 = -1
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(fd, level, name, &value, &length)
    return value
  }

  /// Bytes go both ways, an end is noticed, and every descriptor is non-blocking and closed on exec.
  private func talk(listener: Int32, address: SocketAddress) throws {
    let near = try connect(to: address).get()
    let far = try #require(accept(on: listener))
    for fd in [listener, near, far] {
      #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
      #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
    }
    if address.port != nil {
      for fd in [near, far] { #expect(option(fd, Int32(IPPROTO_TCP), TCP_NODELAY) != 0) }
      #expect(option(near, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 15_000)
    }
    if case .none = Sockets.accept(on: listener) {} else { Issue.record("nobody else has connected") }

    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(Gate.receive(far, into: &buffer, atMost: 16) == .wouldBlock)
    #expect(Gate.send(near, Array("ping".utf8), count: 4) == .moved(4))
    wait(far, for: POLLIN)
    #expect(Gate.pendingInput(far) == 4)
    #expect(Gate.receive(far, into: &buffer, atMost: 16) == .moved(4))
    #expect(buffer.prefix(4) == Array("ping".utf8)[...])
    Gate.close(near)
    wait(far, for: POLLIN)
    #expect(Gate.receive(far, into: &buffer, atMost: 16) == .endOfStream)
    Gate.close(far)
  }

  @Test("Listen, connect, accept, talk, end", arguments: ["127.0.0.1", "::1"])
  func talking(host: String) throws {
    let address = try #require(SocketAddress(ip: host, port: 0))
    let listener: Int32
    do throws(SystemError) {
      listener = try Sockets.listen(on: address)
    } catch {
      // A machine without IPv6.
      try #require(host == "::1" && [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.code))
      return
    }
    defer { Gate.close(listener) }
    let port = try #require(Sockets.localPort(listener))
    try talk(listener: listener, address: #require(SocketAddress(ip: host, port: port)))
  }

  @Test("A port where nobody listens refuses, one that is taken cannot be listened on")
  func refused() throws {
    let lease = try PortLease()
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: lease.port))
    #expect(throws: SystemError(code: ECONNREFUSED)) { try connect(to: address).get() }
    #expect(SystemError(code: ECONNREFUSED).description == "connection refused")
    let listener = try Sockets.listen(on: address)
    defer { Gate.close(listener) }
    #expect(throws: SystemError(code: EADDRINUSE)) { try Sockets.listen(on: address) }
    try Gate.close(connect(to: address).get())
  }

  @Test("Sending to a peer that has gone fails without a signal")
  func brokenPipe() throws {
    let listener = try Sockets.listen(on: #require(Self.anyPort))
    defer { Gate.close(listener) }
    let port = try #require(Sockets.localPort(listener))
    let near = try connect(to: #require(SocketAddress(ip: "127.0.0.1", port: port))).get()
    defer { Gate.close(near) }
    let far = try #require(accept(on: listener))
    #expect(Gate.send(near, [1, 2], count: 2) == .moved(2))
    wait(far, for: POLLIN)
    // It closes with something unread: a reset.
    Gate.close(far)
    wait(near, for: POLLIN)
    var byte: UInt8 = 0
    #expect(Gate.receive(near, into: &byte, atMost: 1) == .failed(SystemError(code: ECONNRESET)))
    #expect(Gate.send(near, [1], count: 1) == .failed(SystemError(code: EPIPE)))
  }

  @Test("A Unix socket, and again over the file that the first one has left")
  func unix() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress(unixPath: directory.file("socket"))
    #expect(throws: SystemError(code: ENOENT)) { try connect(to: address).get() }
    for _ in 0..<2 {
      let listener = try Sockets.listen(on: address)
      #expect(throws: SystemError(code: EADDRINUSE)) { try Sockets.listen(on: address) }
      while case .connection(let probe) = Sockets.accept(on: listener) { Gate.close(probe) }
      try talk(listener: listener, address: address)
      Gate.close(listener)
      #expect(throws: SystemError(code: ECONNREFUSED)) { try connect(to: address).get() }
    }
  }

  @Test("A Unix socket whose listener is too busy to answer is not taken from it")
  func busyUnix() throws {
    let directory = try TemporaryDirectory()
    let address = SocketAddress(unixPath: directory.file("socket"))
    let listener = try Sockets.listen(on: address, backlog: 0)
    defer { Gate.close(listener) }
    var waiting: [Int32] = []
    defer { for fd in waiting { Gate.close(fd) } }
    while let fd = try? Sockets.connect(to: address), waiting.count < 10 { waiting.append(fd) }
    try #require(waiting.count < 10)
    #expect(throws: SystemError(code: EADDRINUSE)) { try Sockets.listen(on: address) }
    #expect(access(address.host, F_OK) == 0)
  }

  @Test("A file that is no socket is never removed")
  func unixOverFile() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("precious", to: "file")
    #expect(throws: SystemError(code: EADDRINUSE)) { try Sockets.listen(on: SocketAddress(unixPath: path)) }
    #expect(access(path, F_OK) == 0)
    let link = directory.file("link")
    #expect(symlink(path, link) == 0)
    #expect(throws: SystemError(code: EADDRINUSE)) { try Sockets.listen(on: SocketAddress(unixPath: link)) }
    #expect(access(link, F_OK) == 0)
  }

  @Test("Paths where nothing can listen")
  func unixNowhere() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: SystemError(code: ENOENT)) {
      try Sockets.listen(on: SocketAddress(unixPath: directory.file("no/such/directory")))
    }
    #expect(throws: SystemError(code: ENAMETOOLONG)) {
      try Sockets.listen(on: SocketAddress(unixPath: "/" + String(repeating: "x", count: 200)))
    }
  }
}
