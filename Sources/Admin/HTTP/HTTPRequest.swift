import Glibc

/// What a client of the HTTP server asks for. Only the request line counts: there is nothing here that a header, a query
/// or a body could change.
public struct HTTPRequest: Equatable, Sendable {
  /// The client wants to see the head of the answer only.
  public var isHead: Bool
  /// As it was sent, without the query.
  public var path: String

  public init(path: String, isHead: Bool = false) {
    self.path = path
    self.isHead = isHead
  }
}

extension HTTPRequest {
  /// What a beginning of a connection's bytes comes to.
  public enum Scanned: Equatable, Sendable {
    /// The head is not whole yet.
    case incomplete
    case request(HTTPRequest)
    /// It is none that is answered: the status that says why.
    case refused(HTTPStatus)
  }

  /// Bytes of a request's head; more is refused. Browsers and scrapers send a few hundred.
  public static let headLimit = 8 << 10

  /// Reads the head of a request, HTTP/1.0 or 1.1. Lines may end with LF alone, as RFC 9112 lets a server accept.
  public static func scan(_ bytes: UnsafeRawBufferPointer) -> Scanned {
    guard let end = endOfHead(bytes) else {
      return bytes.count >= headLimit ? .refused(.headerFieldsTooLarge) : .incomplete
    }
    guard end <= headLimit else { return .refused(.headerFieldsTooLarge) }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, let first = words[1].first else { return .refused(.badRequest) }
    guard line.allSatisfy({ 0x20...0x7E ~= $0 || $0 == UInt8(ascii: "\r") }) else { return .refused(.badRequest) }
    let version = words[2].last == UInt8(ascii: "\r") ? words[2].dropLast() : words[2]
    guard version.starts(with: Array("HTTP/".utf8)) else { return .refused(.badRequest) }
    guard version.starts(with: Array("HTTP/1.".utf8)) else { return .refused(.versionNotSupported) }
    guard first == UInt8(ascii: "/") else { return .refused(.badRequest) }
    let path = String(decoding: words[1].prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    switch String(decoding: words[0], as: UTF8.self) {
    case "GET": return .request(HTTPRequest(path: path))
    case "HEAD": return .request(HTTPRequest(path: path, isHead: true))
    default: return .refused(.methodNotAllowed)
    }
  }

  /// How many bytes the head has, its empty line among them; nothing when that has not come.
  private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var start = 0
    while let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[start..<newline]
      if line.isEmpty || (line.count == 1 && line.first == UInt8(ascii: "\r")) { return newline + 1 }
      start = newline + 1
    }
    return nil
  }
}
