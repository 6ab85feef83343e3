extension SettingType where Value == Listener {
  /// An address, or a map that holds one and what is different there. The map is for the file only: a text, all that
  /// variables and flags have, is an address.
  static func listener(defaultPort: UInt16) -> SettingType {
    let address = SettingType<ListenAddress>.listenAddress(defaultPort: defaultPort)
    let reads = SettingType<AmbassadorConfiguration.ReadPolicy?>.optional(
      .word(AmbassadorConfiguration.ReadPolicy.self))
    let consistency = SettingType<AmbassadorConfiguration.Consistency?>
      .optional(.word(AmbassadorConfiguration.Consistency.self))
    let toggle = SettingType<Bool>.boolean
    return SettingType(
      arity: address.arity, expected: address.expected,
      decode: { raw, rejections in
        guard case .map(let entries) = raw.content else {
          return address.decode(raw, &rejections).map { Listener($0) }
        }
        var listener: Listener?
        var policy: AmbassadorConfiguration.ReadPolicy?
        var promise: AmbassadorConfiguration.Consistency?
        var requiresAuthentication = false
        for entry in entries {
          switch entry.key {
          case "address": listener = address.decode(entry.value, &rejections).map { Listener($0) }
          case "reads": policy = reads.decode(entry.value, &rejections) ?? nil
          case "consistency": promise = consistency.decode(entry.value, &rejections) ?? nil
          case "require-auth": requiresAuthentication = toggle.decode(entry.value, &rejections) ?? false
          default: rejections.append(unknown(entry))
          }
        }
        if !entries.contains(where: { $0.key == "address" }) {
          rejections.append(Rejection(raw, expected: address.expected, hint: "a map here needs \"address\""))
        }
        listener?.reads = policy
        listener?.consistency = promise
        listener?.requiresAuthentication = requiresAuthentication
        return listener
      },
      render: { listener in
        let overrides =
          (listener.reads.map { [", reads: " + YAML.scalar($0.rawValue)] } ?? [])
          + (listener.consistency.map { [", consistency: " + YAML.scalar($0.rawValue)] } ?? [])
          + (listener.requiresAuthentication ? [", require-auth: true"] : [])
        let text = address.render(listener.address)
        return overrides.isEmpty ? text : "{address: " + text + overrides.joined() + "}"
      })
  }

  private static func unknown(_ entry: RawValue.Entry) -> Rejection {
    let known = ["address", "reads", "consistency", "require-auth"]
    let hint = Spelling.didYouMean(Spelling.closest(to: entry.key, among: known))
    return Rejection(
      at: entry.source, found: quoted(entry.key), expected: "only \(enumeration(known)) here", hint: hint)
  }
}
