/// What an HTTP server has answered, taken apart.
public struct HTTPReply: Sendable {
  public let status: Int
  public let head: String
  public let body: String

  init(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { throw Failure("no HTTP head in \(text.debugDescription)") }
    head = String(text[..<end.lowerBound])
    body = String(text[end.upperBound...])
    guard let status = head.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Failure("no status in \(head.debugDescription)")
    }
    self.status = status
  }
}

extension RESPClient {
  /// Sends a request and reads until the server closes.
  public func http(_ request: String) throws -> HTTPReply {
    try send(request)
    return try HTTPReply(bytesUntilClosed())
  }
}

extension AmbassadorProcess {
  /// Gets a page.
  public func page(_ path: String) throws -> HTTPReply {
    try RESPClient(unixPath: httpSocket).http("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
  }
}
