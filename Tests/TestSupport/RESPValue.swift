/// A reply of RESP2 or RESP3, as a test wants to compare it.
public indirect enum RESPValue: Equatable, Sendable {
  case simple(String)
  case error(String)
  case integer(Int)
  case bulk([UInt8])
  case array([RESPValue])
  /// `$-1`, `*-1` and RESP3's `_`: three spellings of nothing, kept apart because a client can tell.
  case nullBulk, nullArray, null
  case double(String)
  case boolean(Bool)
  case bigNumber(String)
  case blobError(String)
  case verbatim(String)
  /// Keys and values in turn, in the order of the wire.
  case map([RESPValue])
  case set([RESPValue])
  case push([RESPValue])
  /// An attribute (keys and values in turn) and the reply that it belongs to.
  case attributed([RESPValue], RESPValue)

  public static func bulk(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }

  public var isError: Bool { errorText != nil }

  public var errorText: String? {
    switch self {
    case .error(let text), .blobError(let text): text
    default: nil
    }
  }

  /// The text of a string of any kind.
  public var text: String? {
    switch self {
    case .simple(let text), .verbatim(let text): text
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }

  public var elements: [RESPValue]? {
    switch self {
    case .array(let items), .map(let items), .set(let items), .push(let items): items
    default: nil
    }
  }

  public var isNull: Bool { self == .nullBulk || self == .nullArray || self == .null }
}

extension RESPValue: CustomStringConvertible {
  public var description: String {
    switch self {
    case .simple(let text): "+\(text)"
    case .error(let text): "-\(text)"
    case .integer(let number): ":\(number)"
    case .bulk(let bytes): bytes.printable
    case .array(let items): "[\(Self.list(items))]"
    case .nullBulk: "nil($-1)"
    case .nullArray: "nil(*-1)"
    case .null: "nil(_)"
    case .double(let text): ",\(text)"
    case .boolean(let flag): flag ? "#t" : "#f"
    case .bigNumber(let text): "(\(text)"
    case .blobError(let text): "!\(text)"
    case .verbatim(let text): "=\(text)"
    case .map(let items): "%{\(Self.list(items))}"
    case .set(let items): "~{\(Self.list(items))}"
    case .push(let items): ">[\(Self.list(items))]"
    case .attributed(let items, let value): "|{\(Self.list(items))}\(value)"
    }
  }

  private static func list(_ items: [RESPValue]) -> String {
    let shown = items.prefix(12).map(\.description).joined(separator: ", ")
    return items.count > 12 ? "\(shown), ... \(items.count) in all" : shown
  }
}

extension Collection<UInt8> {
  /// Bytes as redis-cli would quote them, cut where a failure message would no longer be read.
  public var printable: String {
    var text = "\""
    for byte in prefix(120) {
      switch byte {
      case UInt8(ascii: "\r"): text += "\\r"
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
      case 0x20...0x7e: text += String(UnicodeScalar(byte))
      default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text + (count > 120 ? "\"... \(count) bytes" : "\"")
  }
}
