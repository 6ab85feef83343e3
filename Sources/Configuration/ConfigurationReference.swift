/// The declaration, as people read it.
public enum ConfigurationReference {
  /// `config/redis-amb.yaml`: a configuration that loads, and is the defaults.
  public static var sample: String {
    let head = """
      # redis-amb.yaml: every setting with its default. Only topology has to be set.
      #
      # Written by ConfigurationReference from the declaration in Sources/Configuration/Setting+All.swift; a test
      # compares the two. docs/configuration.md says the same at more length, and `redis-amb check --config FILE` says
      # what is wrong with a file.

      """
    return head
      + tree(AmbassadorConfiguration(examplesOf: .static), withAlternatives: true) { setting, width in
        let effect =
          switch setting.reload {
          case .live: ""
          case .restart: " Changing it needs a restart."
          }
        let required = setting.isRequired ? " Required." : ""
        let type = "Value: \(setting.expected).\(required)\(effect)"
        return wrapped(setting.help, to: width) + wrapped(type, to: width)
      }
  }

  /// The configuration in effect, as a file that would give it; without secrets.
  public static func effective(_ configuration: AmbassadorConfiguration) -> String {
    tree(configuration) { _, _ in [] }
  }

  /// `--help`: a setting is a paragraph.
  public static var flags: String {
    Setting.all.map { setting in
      let names = ["--" + setting.flagName] + (setting.alias.map { ["--" + $0] } ?? [])
      let value = setting.defaultText.map { "default: \($0.isEmpty ? "not set" : $0)" } ?? "required"
      let text = wrapped("\(setting.help) (\(setting.expected); \(value))", to: 70)
      return (["  " + names.joined(separator: ", ")] + text.map { "        " + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// Nested as the file nests it, with the comment of each setting above it.
  /// - Parameter withAlternatives: the sources of topology that are not chosen are there too, as comments.
  private static func tree(
    _ configuration: AmbassadorConfiguration, withAlternatives: Bool = false,
    comment: (Setting, _ width: Int) -> [String]
  ) -> String {
    var lines: [String] = []
    var open: [Substring] = []
    for setting in Setting.all {
      let isChosen = setting.isOf(configuration.topology.kind)
      guard isChosen || withAlternatives else { continue }
      func indent(_ depth: Int) -> String {
        isChosen || depth == 0 ? Self.indent(depth) : "  # " + Self.indent(depth - 1)
      }
      let parts = setting.key.split(separator: ".")
      let sections = parts.dropLast()
      let shared = zip(open, sections).prefix { $0 == $1 }.count
      let isCommented = !comment(setting, 80).isEmpty
      if isCommented, sections.count == shared || shared == 0 { lines.append("") }
      for (depth, section) in sections.enumerated().dropFirst(shared) {
        lines.append(indent(depth) + section + ":")
      }
      open = Array(sections)
      let margin = indent(sections.count)
      lines += comment(setting, 110 - margin.count).map { margin + "# " + $0 }
      let text = setting.text(
        in: isChosen ? configuration : AmbassadorConfiguration(examplesOf: setting.topologyKind ?? .static))
      lines.append(margin + parts[parts.count - 1] + ":" + (text.isEmpty ? "" : " " + text))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  static func wrapped(_ text: String, to width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [String]()) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
  }
}

extension Setting {
  /// As the file would have it: empty for what is not set, nil for what must be given.
  var defaultText: String? { isRequired ? nil : text(in: AmbassadorConfiguration(examplesOf: topologyKind ?? .static)) }
}
