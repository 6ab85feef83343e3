import Admin

extension Ambassador {
  var topologyCommand: ControlCommand {
    ControlCommand(
      "TOPOLOGY", summary: "say who is the primary, on what ground, and who is read from",
      details: [
        "health: ok, or why a node is not used. lag: bytes that a replica has yet to apply, as both have said last.",
        "unproven: the last primary, of which nothing proves now that it still is one.",
      ]
    ) { [unowned self] request in
      self.desk?.status { status in
        let topology = status.topology
        var lines = ["source   \(topology.source)"]
        lines.append("primary  \(topology.primary.map { "\($0)" } ?? "none: \(topology.primaryAbsence)")")
        if !topology.primaryProof.isEmpty { lines.append("proof    \(topology.primaryProof)") }
        if topology.epoch > 0 { lines.append("epoch    \(topology.epoch)") }
        for sentinel in topology.sentinels {
          lines.append("sentinel \(sentinel.name): \(sentinel.lost ?? "ok")")
        }
        lines += Table.render(
          ["node", "role", "health", "lag", "conns", "last failure"],
          status.nodes.map { node in
            [
              node.name.description, node.role.rawValue, node.health,
              node.role == .primary ? "-" : node.lagBytes.map(Wording.size) ?? "?", "\(node.readyLanes)",
              node.lastFailure.isEmpty ? "-" : node.lastFailure,
            ]
          })
        request.answer(.text(lines))
      }
    }
  }
}
