import ArgumentParser
import Configuration

/// What `run` and `check` take: a file, and every setting as a flag.
///
/// The settings are not options that ArgumentParser knows, for then each would be declared twice. It leaves over what
/// it does not recognise, and the declaration reads that.
struct ConfigurationOptions: ParsableArguments {
  static let discussion = """
    SETTINGS, as --name VALUE or --name=VALUE; each also a key of the file and an environment variable \
    (--upstream-timeout, upstream: {timeout: }, REDIS_AMB_UPSTREAM_TIMEOUT). Lists: repeat the flag, or use commas.

    \(ConfigurationReference.flags)
    """

  @Option(
    help: ArgumentHelp(
      "The configuration file; without it, the one that $\(ConfigurationLoader.fileEnvironmentName) names, if any.",
      valueName: "file"))
  var config: String?

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Settings, listed above.", valueName: "--setting value"))
  var settings: [String] = []

  /// A variable that is empty names no file.
  var file: String? {
    config ?? Environment.current[ConfigurationLoader.fileEnvironmentName].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What the configuration is made of.
  var inputs: ConfigurationInputs {
    ConfigurationInputs(
      file: file, environment: Environment.current, flags: SettingFlags.parse(settings).flags)
  }

  /// The configuration, or every error on stderr and exit code 64.
  func load() throws -> AmbassadorConfiguration {
    let errors = SettingFlags.parse(settings).errors
    switch inputs.load() {
    case .success(let configuration) where errors.isEmpty: return configuration
    case .success: throw report(errors.map(\.description))
    case .failure(let failure): throw report(errors.map(\.description) + [failure.description])
    }
  }

  private func report(_ lines: [String]) -> ExitCode {
    Terminal.error.write(lines.joined(separator: "\n") + "\n")
    return ExitCode(64)
  }
}
