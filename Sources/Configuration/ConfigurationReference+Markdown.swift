extension ConfigurationReference {
  /// `docs/configuration.md`
  public static var markdown: String {
    let rows = Setting.all.map { setting in
      "| [`\(setting.key)`](#\(anchor(setting))) | \(defaultCell(setting)) | \(setting.reload.words) |"
    }
    let table = ["| setting | default | a change takes effect |", "|---|---|---|"] + rows
    return [introduction, table.joined(separator: "\n")].joined(separator: "\n\n") + "\n\n"
      + Setting.all.map(section).joined(separator: "\n")
  }

  private static let introduction = """
    # Configuration

    <!-- Written by ConfigurationReference from Sources/Configuration/Setting+All.swift; a test compares the two. -->

    A setting can stand in a YAML file (`--config FILE`, else the file that `\(ConfigurationLoader.fileEnvironmentName)` \
    names), in an environment variable and in a flag. Flags win over the environment, the environment over the file, \
    the file over the defaults. `config/redis-amb.yaml` is a file with every setting and its default.

    - **Nothing is guessed.** An unknown key, an unknown `REDIS_AMB_*` variable, an unknown flag, a key given twice, a \
    value out of its range are errors, in whichever source and even where another source wins. Variables that \
    Kubernetes makes for a service whose name starts with `redis-amb` are let pass.
    - **All errors at once**, each with its place, what was found and what was expected: `redis-amb check --config FILE`. \
    The exit code of `check` and of `run` for a bad configuration is 64.
    - **Lists** are YAML lists in the file; in variables and flags, commas separate, and a flag may be repeated.
    - **Nothing** (`key:`, `~`, `null`, an empty variable) means not set where a setting may be left out, and an empty \
    list where one is allowed; elsewhere it is an error.
    - **Durations** need a unit: `ms`, `s`, `m`, `h`. **Sizes** are bytes or have one: `KiB`, `MiB`, `GiB`, `TiB` \
    (powers of 1024), `KB`, `MB`, `GB`, `TB` (powers of 1000).
    - **Files** are at most \(ConfigurationLoader.fileLimit / 1024) KiB of UTF-8, one YAML document, without anchors, \
    aliases and tags.
    """

  private static func section(_ setting: Setting) -> String {
    let flags = (["--" + setting.flagName] + (setting.alias.map { ["--" + $0] } ?? [])).map { "`\($0)`" }
    return """
      ## \(setting.key)

      \(setting.help)

      - Value: \(setting.expected)
      - Default: \(defaultCell(setting))
      - Environment: `\(setting.environmentName)`
      - Flag: \(flags.joined(separator: " or "))
      - A change takes effect: \(setting.reload.words)

      """
  }

  private static func defaultCell(_ setting: Setting) -> String {
    guard let text = setting.defaultText else { return "none: required" }
    return text.isEmpty ? "not set" : "`\(text)`"
  }

  /// As GitHub makes it of the heading.
  private static func anchor(_ setting: Setting) -> String { String(setting.key.filter { $0 != "." }) }
}

extension Setting.Reload {
  fileprivate var words: String {
    switch self {
    case .live: "with a reload"
    case .restart: "with a restart"
    }
  }
}
