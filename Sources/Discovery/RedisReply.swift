import CHiredis

/// A reply, as a tree of plain values.
enum RedisReply: Equatable {
  case text(String)
  case integer(Int)
  case array([RedisReply])
  case null
  case error(String)

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var integer: Int? {
    if case .integer(let number) = self { number } else { nil }
  }

  var array: [RedisReply]? {
    if case .array(let elements) = self { elements } else { nil }
  }
}

/// Formats commands and parses replies with hiredis.
///
/// Unsafe inside: `reader` is freed in `deinit`, each reply tree as soon as it is copied.
final class RedisCodec {
  private let reader: UnsafeMutablePointer<redisReader>

  init?() {
    guard let reader = redisReaderCreate() else { return nil }
    self.reader = reader
  }

  deinit { redisReaderFree(reader) }

  /// A command's bytes on the wire.
  static func format(_ arguments: [[UInt8]]) -> [UInt8] {
    var formatted: UnsafeMutablePointer<CChar>?
    let storage = arguments.map { argument in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, argument.count))
      for (index, byte) in argument.enumerated() { copy[index] = CChar(bitPattern: byte) }
      return copy
    }
    defer { for copy in storage { copy.deallocate() } }
    var pointers = storage.map { UnsafePointer<CChar>?($0) }
    let lengths = arguments.map(\.count)
    let count = redisFormatCommandArgv(&formatted, Int32(arguments.count), &pointers, lengths)
    guard count > 0, let formatted else { return [] }
    defer { redisFreeCommand(formatted) }
    return formatted.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
      Array(UnsafeBufferPointer(start: $0, count: Int(count)))
    }
  }

  enum Failure: Error { case malformed(String) }

  /// Takes received bytes and gives the replies that are whole by now.
  func feed(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> [RedisReply] {
    guard let base = bytes.baseAddress else { return [] }
    _ = redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count)
    var replies: [RedisReply] = []
    while true {
      var raw: UnsafeMutableRawPointer?
      guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw .malformed(lastError) }
      guard let raw else { return replies }
      defer { freeReplyObject(raw) }
      replies.append(copy(raw.assumingMemoryBound(to: redisReply.self), depth: 0))
    }
  }

  private var lastError: String {
    withUnsafeBytes(of: &reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// hiredis itself refuses trees deeper than 7 levels, so the recursion is bounded.
  private func copy(_ reply: UnsafeMutablePointer<redisReply>, depth: Int) -> RedisReply {
    var text: String {
      guard let start = reply.pointee.str else { return "" }
      return String(decoding: UnsafeRawBufferPointer(start: start, count: reply.pointee.len), as: UTF8.self)
    }
    switch reply.pointee.type {
    case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(text)
    case REDIS_REPLY_ERROR: return .error(text)
    case REDIS_REPLY_INTEGER: return .integer(Int(reply.pointee.integer))
    case REDIS_REPLY_ARRAY:
      return .array(
        (0..<reply.pointee.elements).map { index in
          guard let element = reply.pointee.element?[index] else { return .null }
          return copy(element, depth: depth + 1)
        })
    default: return .null
    }
  }
}
