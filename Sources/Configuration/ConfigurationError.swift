/// One thing that is wrong with a configuration, and where.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Problem: Sendable, Equatable {
    /// The value of a setting; `found` is already quoted, shortened and free of secrets.
    case value(found: String, expected: String)
    case unknown
    case duplicate(first: ConfigurationSource)
    case missing(expected: String)
    case unsupported(String)
    /// The source itself cannot be read, or is not what it should be.
    case malformed(String)
  }

  public var source: ConfigurationSource
  /// The setting, or as much of the name as was given; nil when the trouble is not with one setting.
  public var key: String?
  public var problem: Problem
  public var hint: String?

  public init(_ source: ConfigurationSource, key: String? = nil, _ problem: Problem, hint: String? = nil) {
    self.source = source
    self.key = key
    self.problem = problem
    self.hint = hint
  }

  public var description: String {
    let words =
      switch problem {
      case .value(let found, let expected): "found \(found), expected \(expected)"
      case .unknown: "unknown setting"
      case .duplicate(let first): "given twice, first at \(first)"
      case .missing(let expected): "not set, expected \(expected)"
      case .unsupported(let reason): reason
      case .malformed(let reason): reason
      }
    let place = [source.description, quotable(key ?? "")].filter { !$0.isEmpty }
    return (place + [words]).joined(separator: ": ") + (hint.map { "; \($0)" } ?? "")
  }
}
