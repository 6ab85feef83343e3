extension Document {
  /// JSON on one line.
  public var json: String {
    var out = ""
    append(to: &out)
    return out
  }

  private func append(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .boolean(let value): out += value ? "true" : "false"
    case .integer(let number): out += String(number)
    // JSON knows no infinity.
    case .number(let number): out += number.isFinite ? Self.plain(number) : "null"
    case .text(let text): Self.append(quoted: text, to: &out)
    case .list(let elements):
      out += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { out += "," }
        element.append(to: &out)
      }
      out += "]"
    case .map(let entries):
      out += "{"
      for (index, entry) in entries.enumerated() {
        if index > 0 { out += "," }
        Self.append(quoted: entry.key, to: &out)
        out += ":"
        entry.value.append(to: &out)
      }
      out += "}"
    }
  }

  /// With six digits behind the point at most, and none of a whole number.
  static func plain(_ number: Double) -> String {
    guard number.magnitude < 1e12 else { return String(number) }
    let millionths = Int((number * 1_000_000).rounded())
    let (whole, part) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    let sign = millionths < 0 ? "-" : ""
    guard part > 0 else { return sign + String(whole) }
    var digits = String(part)
    digits = String(repeating: "0", count: 6 - digits.count) + digits
    while digits.last == "0" { digits.removeLast() }
    return "\(sign)\(whole).\(digits)"
  }

  /// Text as a JSON string, all control characters escaped.
  public static func quoted(_ text: String) -> String {
    var out = ""
    append(quoted: text, to: &out)
    return out
  }

  private static func append(quoted text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
