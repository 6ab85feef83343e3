extension ConfigurationLoader {
  /// What is wrong only in company: settings that are each valid and do not go together.
  static func contradictions(
    in configuration: AmbassadorConfiguration, _ origins: [String: ConfigurationSource]
  ) -> [ConfigurationError] {
    switch configuration.topology {
    case .static(let nodes):
      let named = [("topology.static.primary", nodes.primary)] + nodes.replicas.map { ("topology.static.replicas", $0) }
      return named.filter { configuration.listens(on: $0.1) }.map { key, node in
        ConfigurationError(
          origins[key] ?? .nowhere, key: key,
          .value(found: quoted(node.description), expected: "a node, not the address that the ambassador listens on"),
          hint: "it would connect to itself: change \"listen\" or the node's port")
      }
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
