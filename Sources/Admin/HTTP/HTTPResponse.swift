/// The statuses that are used here, with the reason phrases of RFC 9110.
public enum HTTPStatus: Int, Sendable {
  case ok = 200
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case headerFieldsTooLarge = 431
  case serviceUnavailable = 503
  case versionNotSupported = 505

  var reason: String {
    switch self {
    case .ok: "OK"
    case .badRequest: "Bad Request"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .headerFieldsTooLarge: "Request Header Fields Too Large"
    case .serviceUnavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}

/// An answer, whole: none is large.
public struct HTTPResponse: Equatable, Sendable {
  public var status: HTTPStatus
  public var contentType: String
  public var body: [UInt8]

  public init(_ status: HTTPStatus = .ok, _ contentType: ContentType = .text, _ body: [UInt8]) {
    self.status = status
    self.contentType = contentType.rawValue
    self.body = body
  }

  /// One line for a person.
  public init(_ status: HTTPStatus, _ line: String) { self.init(status, .text, Array("\(line)\n".utf8)) }

  public enum ContentType: String, Sendable {
    case text = "text/plain; charset=utf-8"
    /// What Prometheus expects of its text format.
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
    case html = "text/html; charset=utf-8"
    case json = "application/json"
  }

  /// The bytes to send. The connection ends with them, so that none stays open for nothing.
  func encoded(headOnly: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
    head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
    if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
    // What is true now is old in a moment; and no browser shall run or load anything that is not in the page itself.
    head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
    head += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    head += "connect-src 'self'; img-src data:; frame-ancestors 'none'\r\nConnection: close\r\n\r\n"
    return Array(head.utf8) + (headOnly ? [] : body)
  }
}
