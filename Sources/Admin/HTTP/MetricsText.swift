/// Writes Prometheus' text format, version 0.0.4.
///
/// Names follow its conventions: the unit in the name, in base units (`_seconds`, `_bytes`), `_total` for counters.
public struct MetricsText: Sendable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  /// One series of a family: its labels and its value.
  public struct Sample: Sendable {
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
      self.labels = labels
      self.value = value
    }

    public init(_ value: Int, _ labels: [(name: String, value: String)] = []) { self.init(Double(value), labels) }
  }

  public private(set) var text = ""

  public init() {}

  /// A family with its samples; one without samples is left out, as a series that is not there yet.
  public mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    guard !samples.isEmpty else { return }
    head(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  public mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    add(name, kind, help, [Sample(value)])
  }

  public mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    add(name, kind, help, [Sample(value)])
  }

  /// A distribution: how many were at most each bound, how many there were at all, and their sum.
  public struct Distribution: Sendable {
    public var labels: [(name: String, value: String)]
    public var cumulative: [(bound: Double, count: Int)]
    public var count: Int
    public var sum: Double

    public init(
      _ cumulative: [(bound: Double, count: Int)], count: Int, sum: Double,
      _ labels: [(name: String, value: String)] = []
    ) {
      self.labels = labels
      self.cumulative = cumulative
      self.count = count
      self.sum = sum
    }
  }

  public mutating func add(_ name: String, _ help: String, _ distributions: [Distribution]) {
    guard !distributions.isEmpty else { return }
    head(name, .histogram, help)
    for one in distributions {
      for (bound, count) in one.cumulative {
        line("\(name)_bucket", one.labels + [("le", Self.number(bound))], Double(count))
      }
      line("\(name)_bucket", one.labels + [("le", "+Inf")], Double(one.count))
      line("\(name)_sum", one.labels, one.sum)
      line("\(name)_count", one.labels, Double(one.count))
    }
  }

  private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }
    text += " \(Self.number(value))\n"
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    // Whole numbers as such, as far as a double holds them exactly.
    return value == value.rounded() && value.magnitude < 0x1p53 ? "\(Int(value))" : "\(value)"
  }

  static func escaped(_ text: String, quotes: Bool) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\"" where quotes: out += "\\\""
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
