/// Numbers as people read them.
enum Format {
  static func decimals(_ value: Double?, _ places: Int) -> String {
    guard let value else { return "–" }
    guard value.isFinite else { return "never" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value.magnitude * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % Int(scale))
    return sign + "\(scaled / Int(scale))." + String(repeating: "0", count: places - fraction.count) + fraction
  }

  /// 1234567 as "1,234,567".
  static func grouped(_ value: Double?) -> String {
    guard let value else { return "–" }
    var digits = String(Int(value.rounded()))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  /// 0.987 as "98.70 %".
  static func percent(_ share: Double) -> String { decimals(share * 100, 2) + " %" }

  static func mebibytes(kibibytes: Double?) -> String { decimals(kibibytes.map { $0 / 1024 }, 1) }

  static func ratio(_ value: Double?) -> String { value.map { "× " + decimals($0, 2) } ?? "–" }
}
