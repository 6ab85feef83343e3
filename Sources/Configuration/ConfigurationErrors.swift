/// Everything that is wrong at once: never empty.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// In the order of the file, then of the environment, then of the flags, then what is missing.
  public let errors: [ConfigurationError]

  /// How many the description lists.
  public static let shown = 50

  /// A line each. A file that is not a configuration at all has thousands, and nobody reads those.
  public var description: String {
    let shown = errors.prefix(Self.shown).map(\.description)
    let rest = errors.count - shown.count
    return (shown + (rest > 0 ? ["... and \(rest) more"] : [])).joined(separator: "\n")
  }
}
