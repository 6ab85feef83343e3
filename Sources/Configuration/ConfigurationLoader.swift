/// Makes a configuration of what the file, the environment and the flags say.
public enum ConfigurationLoader {
  /// The variable that names the file where no flag does.
  public static let fileEnvironmentName = "REDIS_AMB_CONFIG"

  /// A configuration is a few kilobytes.
  static let fileLimit = 256 * 1024

  /// Flags win over the environment over the file over the defaults; a value that loses must be valid all the same.
  /// The names of flags come without their dashes. Of the environment only `REDIS_AMB_*` counts.
  public static func load(
    file: String?, environment: [String: String], flags: [(name: String, value: String)]
  ) -> Result<AmbassadorConfiguration, ConfigurationErrors> {
    combine([
      file.map { gather(file: $0) } ?? Gathered(),
      gather(environment: environment),
      gather(flags: flags),
    ])
  }

  /// The lowest first.
  static func combine(_ sources: [Gathered]) -> Result<AmbassadorConfiguration, ConfigurationErrors> {
    var configuration = AmbassadorConfiguration(primary: Endpoint(host: "", port: 0))
    var origins: [String: ConfigurationSource] = [:]
    var errors: [ConfigurationError] = []
    for source in sources {
      var found = source.errors
      for setting in Setting.all {
        guard let raw = source.values[setting.key] else { continue }
        origins[setting.key] = raw.source
        found += read(raw, as: setting, into: &configuration)
      }
      errors += found.sorted { $0.source.position < $1.source.position }
    }
    errors += missing(given: origins, sources)
    if errors.isEmpty { errors = contradictions(in: configuration, origins) }
    return errors.isEmpty ? .success(configuration) : .failure(ConfigurationErrors(errors: errors))
  }

  static func read(
    _ raw: RawValue, as setting: Setting, into configuration: inout AmbassadorConfiguration
  ) -> [ConfigurationError] {
    var rejections: [Rejection] = []
    setting.read(raw, &configuration, &rejections)
    return rejections.map { rejection in
      let found = setting.isSecret ? "(hidden)" : rejection.found
      return ConfigurationError(
        rejection.source, key: setting.key, .value(found: found, expected: rejection.expected), hint: rejection.hint)
    }
  }

  /// What must be given and was not, unless a source could not be read or its section is refused already: then nobody
  /// knows what it would have said.
  private static func missing(
    given: [String: ConfigurationSource], _ sources: [Gathered]
  ) -> [ConfigurationError] {
    if sources.contains(where: \.isUnreadable) { return [] }
    let refused = sources.reduce(into: Set<String>()) { $0.formUnion($1.refusedSections) }
    return Setting.all.filter { setting in
      setting.isRequired && given[setting.key] == nil && !refused.contains { setting.key.hasPrefix($0 + ".") }
    }.map { setting in
      ConfigurationError(
        .nowhere, key: setting.key, .missing(expected: setting.expected),
        hint: "set it in the file, as \(setting.environmentName) or as --\(setting.alias ?? setting.flagName)")
    }
  }
}

extension ConfigurationSource {
  /// Orders the errors of a file from top to bottom; leaves other sources as they are, sorting being stable.
  fileprivate var position: (Int, Int) {
    switch self {
    case .file(_, let line, let column): (line, column)
    case .wholeFile, .environment, .flag, .nowhere: (0, 0)
    }
  }
}
