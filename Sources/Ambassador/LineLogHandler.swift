import Configuration
import Glibc
import Logging

/// Writes one line an event to stderr, as text for people or as JSON for collectors.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let format: AmbassadorConfiguration.LogFormat

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let (level, message) = (event.level, event.message)
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    var text: String
    switch format {
    case .text:
      text = "\(Self.timestamp()) \(level.rawValue.uppercased()) \(message)"
      for (key, value) in fields { text += " \(key)=\(Self.bare("\(value)"))" }
    case .json:
      text = #"{"time":"\#(Self.timestamp())","level":"\#(level.rawValue)","message":\#(Self.quoted("\(message)"))"#
      for (key, value) in fields { text += ",\(Self.quoted(key)):\(Self.quoted("\(value)"))" }
      text += "}"
    }
    // One write a line, so that lines of several threads do not mix.
    var bytes = Array(text.utf8.map { $0 == 10 ? 32 : $0 })
    bytes.append(10)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }

  private static func bare(_ value: String) -> String {
    value.contains(" ") || value.contains("\"") || value.isEmpty ? quoted(value) : value
  }

  /// A JSON string.
  private static func quoted(_ value: String) -> String {
    var out = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// UTC with milliseconds, RFC 3339.
  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
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

extension Logger {
  init(_ settings: AmbassadorConfiguration.Log) {
    let level: Logger.Level =
      switch settings.level {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    self.init(label: "redis-amb") { _ in LineLogHandler(logLevel: level, format: settings.format) }
  }
}
