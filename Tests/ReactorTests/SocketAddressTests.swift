import Testing

@testable import Reactor

@Suite("Numeric addresses")
struct SocketAddressTests {
  @Test(
    "Literals",
    arguments: [
      ("127.0.0.1", 6379, "127.0.0.1:6379"), ("0.0.0.0", 0, "0.0.0.0:0"), ("::1", 6379, "[::1]:6379"),
      ("::", 65535, "[::]:65535"), ("2001:db8::7", 1, "[2001:db8::7]:1"),
      ("::ffff:10.0.0.1", 80, "[::ffff:10.0.0.1]:80"), ("fe80::1%lo", 80, "[fe80::1%lo]:80"),
      ("fe80::1%7", 80, "[fe80::1%7]:80"),
    ] as [(String, UInt16, String)])
  func literals(host: String, port: UInt16, description: String) throws {
    let address = try #require(SocketAddress(ip: host, port: port))
    #expect(address.description == description)
    #expect(address.port == port)
  }

  @Test(
    "What is no literal must be resolved first",
    arguments: [
      "", "localhost", "redis.svc", "127.0.0.1:6379", "[::1]", "256.0.0.1", "1.2.3", "127.1", " 127.0.0.1",
      "127.0.0.1 ",
      "fe80::1%", "fe80::1%no-such-if", "fe80::1%0", "fe80::1%-1", "fe80::1%lo%lo", "127.0.0.1%lo", "%lo", ":",
      "0x7f000001", "/tmp/socket",
    ])
  func names(host: String) {
    #expect(SocketAddress(ip: host, port: 1) == nil)
  }

  @Test("Paths")
  func paths() {
    let address = SocketAddress(unixPath: "/run/a:b.sock")
    #expect(address.description == "unix:/run/a:b.sock")
    #expect(address.port == nil)
    #expect(address != SocketAddress(ip: "::1", port: 1))
  }

  @Test("The kernel's form")
  func kernel() throws {
    let v4 = try #require(SocketAddress(ip: "127.0.0.1", port: 0x1234))
    let v6 = try #require(SocketAddress(ip: "::1", port: 0x1234))
    let path = SocketAddress(unixPath: String(repeating: "x", count: 107))
    func bytes(_ address: SocketAddress) throws -> [UInt8] {
      try address.withSockaddr { pointer, length, _ in Array(UnsafeRawBufferPointer(start: pointer, count: Int(length)))
      }
    }
    #expect(try bytes(v4)[2..<8] == [0x12, 0x34, 127, 0, 0, 1])
    #expect(try bytes(v6)[2..<4] == [0x12, 0x34])
    #expect(try bytes(v6)[8..<24] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    let zoned = try #require(SocketAddress(ip: "fe80::1%lo", port: 1))
    let numbered = try #require(SocketAddress(ip: "fe80::1%258", port: 1))
    // sin6_scope_id, in the machine's own order.
    #expect(try bytes(v6)[24..<28] == [0, 0, 0, 0])
    #expect(try bytes(zoned)[24..<28].contains { $0 > 0 })
    #expect(try bytes(zoned)[8..<24] == [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(try bytes(numbered)[24..<28].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } == 258)
    // The longest path still ends with a zero.
    #expect(try bytes(path).suffix(2) == [UInt8(ascii: "x"), 0])
    #expect(throws: SystemError(code: 36)) {
      try SocketAddress(unixPath: String(repeating: "x", count: 108)).withSockaddr { _, _, _ in }
    }
  }
}
