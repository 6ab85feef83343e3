extension SettingType where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> SettingType {
    .scalar("a whole number from \(range.lowerBound) to \(range.upperBound)") { text throws(Misfit) in
      guard let value = decimal(text), range.contains(value) else { throw .plain }
      return value
    } text: {
      String($0)
    }
  }

  /// Bytes: `64MiB`, `10MB`, or a plain number of them.
  static func size(_ range: ClosedRange<Int>) -> SettingType {
    let bounds = "from \(sizeText(range.lowerBound)) to \(sizeText(range.upperBound))"
    return .scalar("a size \(bounds), such as 64MiB, 10MB or 65536") { text throws(Misfit) in
      let (digits, unit) = splitUnit(text)
      guard let factor = unit.isEmpty ? 1 : sizeUnits.first(where: { $0.name == unit })?.bytes else {
        throw Misfit(hint: Spelling.didYouMean(binaryUnit(like: unit).map { digits + $0 }))
      }
      guard let count = decimal(digits) else { throw .plain }
      let (value, overflow) = count.multipliedReportingOverflow(by: factor)
      guard !overflow, range.contains(value) else { throw .plain }
      return value
    } text: {
      sizeText($0)
    }
  }
}

extension SettingType where Value == AmbassadorConfiguration.Threads {
  static func threads(_ range: ClosedRange<Int>) -> SettingType {
    .scalar("a whole number from \(range.lowerBound) to \(range.upperBound), or auto") { text throws(Misfit) in
      if text == "auto" { return .auto }
      guard let value = decimal(text), range.contains(value) else { throw .plain }
      return .count(value)
    } text: {
      switch $0 {
      case .count(let number): "\(number)"
      case .auto: "auto"
      }
    }
  }
}

extension SettingType where Value == Duration {
  /// A whole number and its unit, which is required: a bare `5` is milliseconds to one reader and seconds to the next.
  static func duration(_ range: ClosedRange<Duration>) -> SettingType {
    let bounds = "from \(durationText(range.lowerBound)) to \(durationText(range.upperBound))"
    return .scalar("a duration \(bounds), such as 500ms, 2s or 1m") { text throws(Misfit) in
      let (digits, unit) = splitUnit(text)
      guard let count = decimal(digits) else { throw .plain }
      if unit.isEmpty { throw Misfit(hint: "a duration needs a unit: ms, s, m or h") }
      guard let milliseconds = durationUnits.first(where: { $0.name == unit })?.milliseconds else {
        throw Misfit(hint: "the units are ms, s, m and h")
      }
      let (value, overflow) = count.multipliedReportingOverflow(by: milliseconds)
      guard !overflow, range.contains(.milliseconds(value)) else { throw .plain }
      return .milliseconds(value)
    } text: {
      durationText($0)
    }
  }
}

/// Largest first, so that the first that divides a value evenly writes it the shortest.
private let sizeUnits: [(name: String, bytes: Int)] = [
  ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
  ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("kB", 1000), ("B", 1),
]

private let durationUnits: [(name: String, milliseconds: Int)] = [
  ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
]

/// What somebody who wrote `64Mi`, `64M` or `64mb` is likely to mean: Kubernetes's and Redis's own powers of two.
private func binaryUnit(like unit: String) -> String? {
  let unit = unit.lowercased()
  return ["k": "KiB", "m": "MiB", "g": "GiB", "t": "TiB"].first { prefix, _ in
    [prefix, prefix + "i", prefix + "b", prefix + "ib"].contains(unit)
  }?.value
}

private func sizeText(_ bytes: Int) -> String {
  guard bytes > 0, let unit = sizeUnits.first(where: { bytes % $0.bytes == 0 }), unit.bytes > 1 else {
    return "\(bytes)"
  }
  return "\(bytes / unit.bytes)\(unit.name)"
}

private func durationText(_ duration: Duration) -> String {
  let (seconds, attoseconds) = duration.components
  let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  guard milliseconds > 0, let unit = durationUnits.first(where: { milliseconds % $0.milliseconds == 0 }) else {
    return "0s"
  }
  return "\(milliseconds / unit.milliseconds)\(unit.name)"
}

private func splitUnit(_ text: String) -> (digits: String, unit: String) {
  let digits = text.prefix { $0.isASCII && $0.isNumber }
  return (String(digits), String(text[digits.endIndex...]))
}

/// Digits only: no sign, no space, no exponent.
func decimal(_ text: some StringProtocol) -> Int? {
  text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
}
