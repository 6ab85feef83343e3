import Testing

@testable import Admin

struct HTTPRequestTests {
  private func scan(_ text: String) -> HTTPRequest.Scanned {
    Array(text.utf8).withUnsafeBytes { HTTPRequest.scan($0) }
  }

  @Test(arguments: [
    ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTPRequest.Scanned.request(HTTPRequest(path: "/metrics"))),
    ("GET / HTTP/1.0\r\n\r\n", .request(HTTPRequest(path: "/"))),
    ("GET /livez?verbose=1 HTTP/1.1\n\n", .request(HTTPRequest(path: "/livez"))),
    ("HEAD /livez HTTP/1.1\r\n\r\n", .request(HTTPRequest(path: "/livez", isHead: true))),
    ("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", .request(HTTPRequest(path: "/a"))),
    ("POST / HTTP/1.1\r\n\r\n", .refused(.methodNotAllowed)),
    ("PRI * HTTP/2.0\r\n\r\n", .refused(.versionNotSupported)),
    ("GET http://x/ HTTP/1.1\r\n\r\n", .refused(.badRequest)),
    ("GET  / HTTP/1.1\r\n\r\n", .refused(.badRequest)),
    ("GET /\u{e9} HTTP/1.1\r\n\r\n", .refused(.badRequest)),
    ("PING\r\n\r\n", .refused(.badRequest)),
    ("\r\n\r\n", .refused(.badRequest)),
    ("\n", .refused(.badRequest)),
    ("", .incomplete),
    ("GET / HTTP/1.1\r\nHost: x\r\n", .incomplete),
  ])
  func `requests are told from what is none`(text: String, expected: HTTPRequest.Scanned) {
    #expect(scan(text) == expected)
  }

  @Test func `every beginning of a request is incomplete`() {
    let whole = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
    for length in 0..<whole.utf8.count {
      #expect(scan(String(decoding: whole.utf8.prefix(length), as: UTF8.self)) == .incomplete)
    }
  }

  @Test func `a head that is too long is refused, whole or not`() {
    let limit = HTTPRequest.headLimit
    let start = "GET / HTTP/1.1\r\nX: "
    #expect(scan(start + String(repeating: "x", count: limit)) == .refused(.headerFieldsTooLarge))
    #expect(scan(start + String(repeating: "x", count: limit) + "\r\n\r\n") == .refused(.headerFieldsTooLarge))
    #expect(scan(start + String(repeating: "x", count: limit - start.utf8.count - 1)) == .incomplete)
  }

  @Test func `any bytes are judged without harm`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
        Bool.random(using: &random) ? Array("GET /HTTP1.\r\n ".utf8).randomElement()! : UInt8.random(in: 0...255)
      }
      _ = bytes.withUnsafeBytes { HTTPRequest.scan($0) }
    }
  }
}
