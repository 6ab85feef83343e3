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
    let kinds = kinds(givenBy: sources)
    let kind = kinds.first?.kind ?? .static
    var configuration = AmbassadorConfiguration(examplesOf: kind)
    var origins: [String: ConfigurationSource] = [:]
    var errors: [ConfigurationError] = []
    for source in sources {
      var found = source.errors
      for setting in Setting.all {
        guard let raw = source.values[setting.key] else { continue }
        origins[setting.key] = raw.source
        if setting.isOf(kind) {
          found += read(raw, as: setting, into: &configuration)
        } else {
          // One source too many is an error; what is wrong inside it is said all the same.
          var other = configuration
          found += read(raw, as: setting, into: &other)
        }
      }
      errors += found.sorted { $0.source.position < $1.source.position }
    }
    errors += tooMany(kinds)
    errors += missing(given: origins, sources, kind: kinds.isEmpty ? nil : kind)
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

  /// What must be given and was not, unless a source could not be read: then nobody knows what it would have said.
  private static func missing(
    given: [String: ConfigurationSource], _ sources: [Gathered], kind: AmbassadorConfiguration.Topology.Kind?
  ) -> [ConfigurationError] {
    if sources.contains(where: \.isUnreadable) { return [] }
    return Setting.all.filter { setting in
      setting.isRequired && given[setting.key] == nil && setting.isOf(kind ?? .static)
    }.map { setting in
      ConfigurationError(
        .nowhere, key: setting.key, .missing(expected: setting.expected),
        hint: "set it in the file, as \(setting.environmentName) or as --\(setting.alias ?? setting.flagName)"
          + (kind == nil && setting.topologyKind != nil
            ? ", or set topology.sentinel.addresses or topology.dns.primary" : ""))
    }
  }

  private typealias Choice = (kind: AmbassadorConfiguration.Topology.Kind, key: String, source: ConfigurationSource)

  /// The sources of topology that anything is set of, the highest first, with the first setting that does.
  private static func kinds(givenBy sources: [Gathered]) -> [Choice] {
    var choices: [Choice] = []
    for source in sources.reversed() {
      for setting in Setting.all {
        guard let kind = setting.topologyKind, let raw = source.values[setting.key], !raw.isNothing,
          !choices.contains(where: { $0.kind == kind })
        else { continue }
        choices.append((kind, setting.key, raw.source))
      }
    }
    return choices
  }

  private static func tooMany(_ kinds: [Choice]) -> [ConfigurationError] {
    guard kinds.count > 1 else { return [] }
    return [
      ConfigurationError(
        kinds[1].source, key: kinds[1].key,
        .unsupported("topology takes exactly one source, and \(kinds[0].key) is set at \(kinds[0].source)"))
    ]
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
