/// Numbers as people read them.
public enum Wording {
  /// `1 client`, `2 clients`.
  public static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// `0.3s`, `17s`, `4m 02s`, `3h 05m`, `12d 4h`.
  public static func time(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(max(0, min(seconds, 1e10)).rounded()) : 0
    if seconds > 0, seconds < 9.95 { return "\(short(seconds))s" }
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return "\(whole / 60)m \(twoDigits(whole % 60))s"
    case ..<86400: return "\(whole / 3600)h \(twoDigits(whole / 60 % 60))m"
    default: return "\(whole / 86400)d \(whole / 3600 % 24)h"
    }
  }

  /// `840us`, `3.2ms`, `1.4s`.
  public static func latency(_ seconds: Double) -> String {
    let micros = seconds * 1_000_000
    switch micros {
    case ..<999.5: return "\(Int(max(0, micros).rounded()))us"
    case ..<999_500: return "\(short(micros / 1000))ms"
    default: return "\(short(min(micros, 1e15) / 1_000_000))s"
    }
  }

  /// `512 B`, `3.4 KiB`, `12 MiB`.
  public static func size(_ bytes: Int) -> String {
    guard bytes.magnitude >= 1024 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = "B"
    for next in ["KiB", "MiB", "GiB", "TiB"] where value.magnitude >= 1024 {
      value /= 1024
      unit = next
    }
    return "\(short(value)) \(unit)"
  }

  /// `0`, `0.4`, `95`, `12.3k`, `1.2M`.
  public static func rate(_ perSecond: Double) -> String {
    switch perSecond {
    case ..<0.05: "0"
    case ..<9999.5: short(perSecond)
    case ..<999_950: "\(short(perSecond / 1000))k"
    default: "\(short(min(perSecond, 1e15) / 1_000_000))M"
    }
  }

  /// `0.4 %`, `37 %`, `100 %`.
  public static func share(_ share: Double) -> String {
    share > 0 && share < 0.000_5 ? "<0.1 %" : "\(short(share * 100)) %"
  }

  /// One digit behind the point below ten, none above.
  private static func short(_ value: Double) -> String {
    guard value.magnitude < 9.95 else { return "\(Int(value.rounded()))" }
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Columns as wide as their widest cell.
public enum Table {
  public static func render(_ head: [String], _ rows: [[String]]) -> [String] {
    var widths = head.map(\.count)
    for row in rows { for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) } }
    return ([head] + rows).map { row in
      let cells = row.enumerated().map { index, cell in
        cell + String(repeating: " ", count: index == row.count - 1 ? 0 : widths[index] - cell.count)
      }
      return cells.joined(separator: "  ")
    }
  }
}
