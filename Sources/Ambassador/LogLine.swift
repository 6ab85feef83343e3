import Admin
import Glibc
import Logging
import Reactor

/// One event, as a line of text for people or of JSON for collectors.
struct LogLine {
  var level: Logger.Level
  var message: String
  /// In the order in which they are shown.
  var fields: [(key: String, value: String)] = []

  /// Bytes of a line at most, its end among them: what a pipe takes whole or not at all (`PIPE_BUF`).
  static let longest = 4096

  func bytes(json: Bool) -> [UInt8] {
    var text: String
    if json {
      // Escapes make a text up to six times as long, and half a line is no JSON.
      var message = Document.quoted(bounded(2048))
      if message.utf8.count > 3072 { message = Document.quoted(bounded(512)) }
      text = #"{"time":"\#(Self.timestamp())","level":"\#(level.rawValue)","message":\#(message)"#
      for (key, value) in fields { text += ",\(Document.quoted(key)):\(Document.quoted(value))" }
      text += "}"
    } else {
      text = "\(Self.timestamp()) \(level.rawValue.uppercased()) \(bounded(Self.longest - 256))"
      for (key, value) in fields { text += " \(key)=\(Self.bare(value))" }
    }
    var bytes = Array(text.utf8.prefix(Self.longest - 1).map { $0 == 10 ? 32 : $0 })
    bytes.append(10)
    return bytes
  }

  private func bounded(_ limit: Int) -> String {
    message.utf8.count <= limit ? message : String(decoding: message.utf8.prefix(limit), as: UTF8.self) + "..."
  }

  private static func bare(_ value: String) -> String {
    value.contains(" ") || value.contains("\"") || value.isEmpty ? Document.quoted(value) : value
  }

  /// UTC with milliseconds, RFC 3339.
  private static func timestamp() -> String { timestamp(EventLoop.wallClock) }

  /// - Parameter seconds: since 1970.
  static func timestamp(_ seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded(.down))
    var now = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }
}
