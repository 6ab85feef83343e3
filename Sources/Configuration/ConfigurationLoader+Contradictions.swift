extension ConfigurationLoader {
  /// What is wrong only in company: settings that are each valid and do not go together.
  static func contradictions(
    in configuration: AmbassadorConfiguration, _ origins: [String: ConfigurationSource]
  ) -> [ConfigurationError] {
    connectionsToItself(in: configuration, origins) + usersWithoutPassword(in: configuration, origins)
  }

  private static func connectionsToItself(
    in configuration: AmbassadorConfiguration, _ origins: [String: ConfigurationSource]
  ) -> [ConfigurationError] {
    let named: [(key: String, address: Endpoint)]
    let expected: String
    switch configuration.topology {
    case .static(let nodes):
      named = [("topology.static.primary", nodes.primary)] + nodes.replicas.map { ("topology.static.replicas", $0) }
      expected = "a node"
    case .sentinel(let sentinel):
      named = sentinel.addresses.map { ("topology.sentinel.addresses", $0) }
      expected = "a Sentinel"
    case .dns(let dns):
      named = [("topology.dns.primary", dns.primary)] + dns.replicas.map { ("topology.dns.replicas", $0) }
      expected = "a node"
    }
    return named.filter { configuration.listens(on: $0.address) }.map { key, address in
      ConfigurationError(
        origins[key] ?? .nowhere, key: key,
        .value(
          found: quoted(address.description), expected: "\(expected), not the address that the ambassador listens on"),
        hint: "it would connect to itself: change \"listen\" or the \(expected.dropFirst(2))'s port")
    }
  }

  /// Without a password nobody authenticates, and the user would be ignored.
  private static func usersWithoutPassword(
    in configuration: AmbassadorConfiguration, _ origins: [String: ConfigurationSource]
  ) -> [ConfigurationError] {
    var users = [("upstream", configuration.upstream.username, configuration.upstream.passwordFile)]
    if case .sentinel(let sentinel) = configuration.topology {
      users.append(("topology.sentinel", sentinel.username, sentinel.passwordFile))
    }
    return users.compactMap { section, username, passwordFile in
      guard let username, passwordFile == nil else { return nil }
      let key = "\(section).username"
      return ConfigurationError(
        origins[key] ?? .nowhere, key: key,
        .value(found: quoted(username), expected: "\(section).password-file beside it"),
        hint: "for a user without a password any text in the file does")
    }
  }
}

extension AmbassadorConfiguration {
  /// By the address as written: names other than localhost are not resolved.
  fileprivate func listens(on node: Endpoint) -> Bool {
    let loopback: Set = ["localhost", "127.0.0.1", "::1"]
    let everywhere: Set = ["0.0.0.0", "::"]
    return listen.contains { listener in
      guard case .tcp(let own) = listener.address, own.port == node.port else { return false }
      return own.host == node.host
        || loopback.contains(node.host) && (loopback.contains(own.host) || everywhere.contains(own.host))
    }
  }
}
