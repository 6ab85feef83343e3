extension ConfigurationLoader {
  static func gather(environment: [String: String]) -> Gathered {
    var gathered = Gathered()
    let prefix = Setting.environmentPrefix
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
      let source = ConfigurationSource.environment(name)
      if let setting = Setting.all.first(where: { $0.environmentName == name }) {
        gathered.values[setting.key] = RawValue(setting, texts: [value], source: source)
      } else if name != fileEnvironmentName, !isFromKubernetes(name, value) {
        let near = Spelling.closest(
          to: String(name.dropFirst(prefix.count)),
          among: Setting.all.map { String($0.environmentName.dropFirst(prefix.count)) })
        gathered.reject(
          String(name.dropFirst(prefix.count)), at: source, form: Setting.environmentForm,
          hint: Spelling.didYouMean(near.map { prefix + $0 }))
      }
    }
    return gathered
  }

  /// Kubernetes puts the addresses of every service in the namespace into every pod's environment. For a service
  /// called `redis-amb`, or `redis-amb-...`, the names start as ours do, and nobody mistyped anything:
  /// `_SERVICE_HOST`, `_SERVICE_PORT`, `_SERVICE_PORT_NAME`, `_PORT`, `_PORT_6379_TCP`, `_PORT_6379_TCP_ADDR`.
  private static func isFromKubernetes(_ name: String, _ value: String) -> Bool {
    let words = name.split(separator: "_", omittingEmptySubsequences: false)
    if words.last == "PORT", value.contains("://") { return true }
    return words.indices.contains { index in
      let after = words[(index + 1)...].prefix(2)
      return switch words[index] {
      case "SERVICE": after.first == "HOST" || after.first == "PORT"
      case "PORT":
        after.count == 2 && decimal(after[index + 1]) != nil && ["TCP", "UDP", "SCTP"].contains(after[index + 2])
      default: false
      }
    }
  }
}

extension RawValue {
  /// From a source that knows only texts: for a list, commas separate.
  init(_ setting: Setting, texts: [String], source: ConfigurationSource) {
    switch setting.arity {
    case .one, .toggle: self.init(content: .text(texts.last ?? ""), source: source)
    case .many:
      let items = texts.flatMap { $0.split(separator: ",", omittingEmptySubsequences: $0.isEmpty) }
      self.init(content: .list(items.map { RawValue(content: .text(trimmed($0)), source: source) }), source: source)
    }
  }
}

private func trimmed(_ text: Substring) -> String {
  let start = text.drop { $0 == " " }
  return String(start[..<(start.lastIndex { $0 != " " }.map(start.index(after:)) ?? start.startIndex)])
}
