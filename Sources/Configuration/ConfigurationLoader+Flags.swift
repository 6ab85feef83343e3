extension ConfigurationLoader {
  static func gather(flags: [(name: String, value: String)]) -> Gathered {
    var gathered = Gathered()
    // A list collects its flag's values; anything else must be said once, under either of its names.
    var given: [String: [(flag: ConfigurationSource, value: String)]] = [:]
    for (name, value) in flags {
      let source = ConfigurationSource.flag("--" + name)
      guard let setting = Setting.named(flag: name) else {
        let names = Setting.all.flatMap { [$0.flagName] + ($0.alias.map { [$0] } ?? []) }
        gathered.reject(
          name, at: source, form: Setting.flagForm,
          hint: Spelling.didYouMean(Spelling.closest(to: name, among: names).map { "--" + $0 }))
        continue
      }
      if let first = given[setting.key]?.first, setting.arity != .many {
        gathered.errors.append(ConfigurationError(source, key: setting.key, .duplicate(first: first.flag)))
      } else {
        given[setting.key, default: []].append((source, value))
      }
    }
    for setting in Setting.all {
      guard let flags = given[setting.key], let first = flags.first else { continue }
      gathered.values[setting.key] = RawValue(setting, texts: flags.map(\.value), source: first.flag)
    }
    return gathered
  }
}

extension Setting {
  static func named(flag: String) -> Setting? { all.first { $0.flagName == flag || $0.alias == flag } }
}

/// The settings among a command's arguments, for a command line parser that does not know them.
public enum SettingFlags {
  /// Reads `--name value` and `--name=value`; whether there is such a setting is for the loader to say.
  public static func parse(
    _ arguments: [String]
  ) -> (flags: [(name: String, value: String)], errors: [ConfigurationError]) {
    var flags: [(name: String, value: String)] = []
    var errors: [ConfigurationError] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--"), argument.count > 2 else {
        let isFile = argument.hasSuffix(".yaml") || argument.hasSuffix(".yml")
        errors.append(
          ConfigurationError(
            .nowhere, .malformed("unexpected argument \(quoted(argument))"),
            hint: isFile ? "a file is given as --config FILE" : nil))
        continue
      }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      if parts.count == 2 {
        flags.append((name, String(parts[1])))
      } else if let next = rest.first, !next.hasPrefix("--"), Setting.named(flag: name)?.arity != .toggle {
        flags.append((name, next))
        rest.removeFirst()
      } else if let setting = Setting.named(flag: name) {
        if setting.arity == .toggle {
          flags.append((name, "true"))
        } else {
          errors.append(
            ConfigurationError(
              .flag(argument), key: setting.key, .value(found: "nothing", expected: setting.expected)))
        }
      } else {
        flags.append((name, ""))
      }
    }
    return (flags, errors)
  }
}
