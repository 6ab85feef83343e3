/// A RESP2 reply.
enum Reply: Equatable {
  case simple(String)
  case error(String)
  case integer(Int)
  case bulk([UInt8]?)
  case array([Reply])

  var text: String {
    switch self {
    case .simple(let text), .error(let text): text
    case .integer(let number): String(number)
    case .bulk(let bytes): String(decoding: bytes ?? [], as: UTF8.self)
    case .array(let replies): replies.map(\.text).joined(separator: " ")
    }
  }
}
