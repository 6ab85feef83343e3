/// A figure redis-amb has to reach.
struct Bar {
  enum Verdict: String {
    case pass
    case fail = "FAIL"
    case notMeasured = "not measured"
    /// Set for a later release: reported, never a failure.
    case later = "later"
  }

  let title: String
  let measured: String
  let limit: String
  let verdict: Verdict

  static func atMost(
    _ title: String, _ value: Double?, _ limit: Double, unit: String = "", places: Int = 2, isForLater: Bool = false
  ) -> Bar {
    make(title, value, "≤", limit, unit, places, isForLater) { $0 <= $1 }
  }

  static func atLeast(_ title: String, _ value: Double?, _ limit: Double, unit: String = "", places: Int = 2) -> Bar {
    make(title, value, "≥", limit, unit, places, false) { $0 >= $1 }
  }

  /// Over rounds: the median counts, the extremes tell how noisy it is.
  static func atMost(_ title: String, spread ratios: [Double], _ limit: Double) -> Bar {
    atMost(title, Statistics.median(ratios), limit, unit: " ×").withSpread(ratios)
  }

  static func atLeast(_ title: String, spread values: [Double], _ limit: Double, unit: String = " ×") -> Bar {
    atLeast(title, Statistics.median(values), limit, unit: unit).withSpread(values)
  }

  private func withSpread(_ values: [Double]) -> Bar {
    guard values.count > 1, let low = values.min(), let high = values.max() else { return self }
    let spread = " (\(Format.decimals(low, 2))–\(Format.decimals(high, 2)))"
    return Bar(title: title, measured: measured + spread, limit: limit, verdict: verdict)
  }

  private static func make(
    _ title: String, _ value: Double?, _ sign: String, _ limit: Double, _ unit: String, _ places: Int,
    _ isForLater: Bool,
    _ holds: (Double, Double) -> Bool
  ) -> Bar {
    let verdict: Verdict =
      if let value { holds(value, limit) ? .pass : isForLater ? .later : .fail } else { .notMeasured }
    return Bar(
      title: title, measured: value.map { Format.decimals($0, places) + unit } ?? "–",
      limit: "\(sign) \(Format.decimals(limit, places))\(unit)", verdict: verdict)
  }
}
