/// Where a value, or the lack of it, comes from.
public enum ConfigurationSource: Sendable, Hashable, CustomStringConvertible {
  /// Lines and columns count from 1, columns in characters.
  case file(String, line: Int, column: Int)
  case wholeFile(String)
  case environment(String)
  /// With its dashes.
  case flag(String)
  case nowhere

  public var description: String {
    switch self {
    case .file(let path, let line, let column): "\(printable(path)):\(line):\(column)"
    case .wholeFile(let path): printable(path)
    case .environment(let name): "environment \(quotable(name))"
    case .flag(let name): "flag \(quotable(name))"
    case .nowhere: ""
    }
  }
}
