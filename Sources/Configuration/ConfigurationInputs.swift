/// What a configuration is made of, so that it can be made again: the file is read each time, the environment and the
/// flags are those of the start.
public struct ConfigurationInputs: Sendable {
  /// Nothing when there is no file.
  public let file: String?
  public let environment: [String: String]
  /// Names without their dashes.
  public let flags: [(name: String, value: String)]

  public init(file: String?, environment: [String: String], flags: [(name: String, value: String)]) {
    self.file = file
    self.environment = environment
    self.flags = flags
  }

  /// As ``ConfigurationLoader/load(file:environment:flags:)``.
  public func load() -> Result<AmbassadorConfiguration, ConfigurationErrors> {
    ConfigurationLoader.load(file: file, environment: environment, flags: flags)
  }
}
