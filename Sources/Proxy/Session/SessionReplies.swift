/// As much of a reply as the session has to know.
enum ReplyShape: Equatable {
  enum Refusal: Equatable {
    /// The transaction is over, and nothing of it was executed.
    case execAborted
    case other
  }

  case ok, queued, reset
  case error(Refusal)
  case null
  case array
  case integer(Int)
  case other

  /// - Parameter reply: a whole reply, or the first bytes of one that is long.
  init(_ reply: UnsafeRawBufferPointer, kind: UInt8) {
    switch kind {
    case UInt8(ascii: "+"):
      self =
        reply.elementsEqual("+OK\r\n".utf8)
        ? .ok
        : reply.elementsEqual("+QUEUED\r\n".utf8) ? .queued : reply.elementsEqual("+RESET\r\n".utf8) ? .reset : .other
    case UInt8(ascii: "-"):
      self = .error(reply.starts(with: "-EXECABORT ".utf8) ? .execAborted : .other)
    case UInt8(ascii: "!"): self = .error(.other)
    case UInt8(ascii: "_"): self = .null
    case UInt8(ascii: "*"): self = reply.elementsEqual("*-1\r\n".utf8) ? .null : .array
    case UInt8(ascii: ":"):
      let digits = String(decoding: reply.dropFirst().prefix { $0 != 13 }, as: UTF8.self)
      self = Int(digits).map { .integer($0) } ?? .other
    default: self = .other
    }
  }

  var isError: Bool {
    if case .error = self { true } else { false }
  }
}

/// A message about subscriptions: pushed in RESP3, an array like any other in RESP2.
enum Notice: Equatable {
  /// Published by somebody, under a name or a pattern.
  case message
  case subscribed(Channels, [UInt8])
  /// Without a name: there was nothing to leave.
  case unsubscribed(Channels, [UInt8]?)

  /// - Parameter reply: a whole reply that begins with `*` or `>`, or the first bytes of one that is long.
  init?(_ reply: UnsafeRawBufferPointer) {
    var reader = BulkReader(reply)
    guard let word = reader.next() ?? nil else { return nil }
    let text = String(decoding: word, as: UTF8.self)
    switch text {
    case "message", "pmessage", "smessage": self = .message
    case "subscribe", "psubscribe", "ssubscribe":
      guard let name = reader.next() ?? nil else { return nil }
      self = .subscribed(Self.channels(text), Array(name))
    case "unsubscribe", "punsubscribe", "sunsubscribe":
      guard let name = reader.next() else { return nil }
      self = .unsubscribed(Self.channels(text), name.map { Array($0) })
    default: return nil
    }
  }

  private static func channels(_ word: String) -> Channels {
    switch word.first {
    case "p": .patterns
    case "s" where word.hasPrefix("ss") || word.hasPrefix("sun"): .shards
    default: .named
    }
  }
}

/// Reads the bulk strings at the beginning of an array, one after the other.
private struct BulkReader {
  private let bytes: UnsafeRawBufferPointer
  private var at: Int

  init(_ reply: UnsafeRawBufferPointer) {
    bytes = reply
    at = 0
    skipLine()
  }

  private mutating func skipLine() {
    guard let end = bytes[at...].firstIndex(of: 10) else {
      at = bytes.count
      return
    }
    at = end + 1
  }

  /// The next one; `.some(nil)` stands for a null.
  mutating func next() -> UnsafeRawBufferPointer.SubSequence?? {
    guard at < bytes.count else { return nil }
    let start = at
    skipLine()
    if bytes[start] == UInt8(ascii: "_") { return .some(nil) }
    guard bytes[start] == UInt8(ascii: "$") else { return nil }
    let digits = bytes[(start + 1)..<at].prefix { $0 != 13 }
    guard let length = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    if length < 0 { return .some(nil) }
    guard bytes.count - at >= length + 2 else { return nil }
    defer { at += length + 2 }
    return .some(bytes[at..<at + length])
  }
}
