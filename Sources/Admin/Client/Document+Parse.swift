import RESP

extension Document {
  /// An error that stands where a value would.
  public struct ErrorReply: Error, Equatable {
    public let text: String
  }

  /// The deepest nesting that is followed.
  private static let deepest = 32

  /// Reads one whole reply, as the reply scanner has found it; nothing when it is none.
  public static func parse(_ reply: ArraySlice<UInt8>) -> Result<Document, ErrorReply>? {
    var rest = reply
    if reply.first == UInt8(ascii: "-") {
      guard let line = takeLine(&rest) else { return nil }
      return .failure(ErrorReply(text: String(decoding: line.dropFirst(), as: UTF8.self)))
    }
    return value(&rest, depth: 0).map { .success($0) }
  }

  private static func value(_ rest: inout ArraySlice<UInt8>, depth: Int) -> Document? {
    guard depth < deepest, let line = takeLine(&rest), let type = line.first else { return nil }
    let text = String(decoding: line.dropFirst(), as: UTF8.self)
    switch type {
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "("): return .text(text)
    case UInt8(ascii: ":"): return Int(text).map(Document.integer)
    case UInt8(ascii: ","): return Double(text).map(Document.number)
    case UInt8(ascii: "#"): return .boolean(text == "t")
    case UInt8(ascii: "_"): return .null
    case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
      guard let count = Int(text) else { return nil }
      guard count >= 0 else { return .null }
      guard rest.count - 2 >= count else { return nil }
      // A verbatim text says first of which kind it is.
      let payload = rest.prefix(count).dropFirst(type == UInt8(ascii: "=") ? 4 : 0)
      rest = rest.dropFirst(count + 2)
      return .text(String(decoding: payload, as: UTF8.self))
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
      guard let count = Int(text) else { return nil }
      guard count >= 0 else { return .null }
      var elements: [Document] = []
      for _ in 0..<count {
        guard let element = value(&rest, depth: depth + 1) else { return nil }
        elements.append(element)
      }
      return .list(elements)
    case UInt8(ascii: "%"):
      guard let count = Int(text), count >= 0 else { return nil }
      var entries: [Entry] = []
      for _ in 0..<count {
        guard let key = value(&rest, depth: depth + 1)?.text, let found = value(&rest, depth: depth + 1) else {
          return nil
        }
        entries.append(Entry(key, found))
      }
      return .map(entries)
    default: return nil
    }
  }

  private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let end = rest.firstIndex(of: 13), end + 1 < rest.endIndex else { return nil }
    defer { rest = rest[(end + 2)...] }
    return rest[..<end]
  }
}
