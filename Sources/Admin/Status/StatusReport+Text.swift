import Proxy
import Routing

extension StatusReport {
  /// For people: `STATUS`, `redis-amb status`.
  public var lines: [String] {
    let uptime = Wording.time(process.uptime)
    var lines = ["redis-amb \(process.version), pid \(process.processID), up \(uptime): \(sentence)"]
    if let pause {
      let end = pause.endsIn.map { "ends by itself in \(Wording.time($0))" } ?? "until RESUME"
      lines.append(
        "paused   for \(Wording.time(pause.since)), \(end): \(Wording.count(totals.holding, "client")) waiting")
    } else if totals.holding > 0 || totals.absentFor != nil {
      let since = totals.absentFor.map { ", no primary for \(Wording.time($0))" } ?? ""
      lines.append(
        "holds    \(Wording.count(totals.holding, "client")) waiting with \(Wording.size(totals.heldBytes))\(since)")
    }
    if let reload = process.configuration.sentence { lines.append("reload   \(reload)") }
    lines.append("listens  \(process.listeners.joined(separator: ", "))")
    let proof = topology.primaryProof.isEmpty ? "" : " (\(topology.primaryProof))"
    let epoch = topology.epoch > 0 ? ", epoch \(topology.epoch)" : ""
    lines.append(
      "topology \(topology.source)\(epoch), "
        + (topology.primary.map { "primary \($0)\(proof)" } ?? "no primary: \(topology.primaryAbsence)"))
    if let sentinels = topology.sentinelTrouble { lines.append(sentinels) }
    lines.append("")
    lines += Table.render(
      ["node", "role", "health", "lag", "req/s", "p50", "p99", "flight", "conns"],
      nodes.map { node in
        let latency = node.recentLatency
        return [
          node.name.description, node.role.rawValue, node.health,
          node.role == .primary ? "-" : node.lagBytes.map(Wording.size) ?? "?", Wording.rate(node.totalRate),
          latency.quantile(0.5).map(Wording.latency) ?? "-", latency.quantile(0.99).map(Wording.latency) ?? "-",
          "\(node.outstanding)", "\(node.readyLanes)",
        ]
      })
    lines.append("")
    lines.append(
      "clients  \(totals.clients) connected, \(totals.accepted) in all"
        + (process.refusedClients > 0 ? ", \(process.refusedClients) more refused; " : "; ")
        + "\(totals.lanes) upstreams, \(totals.lent) of them lent")
    lines.append("requests \(Wording.rate(totals.rate))/s, \(totals.requests) in all")
    lines.append("routed   \(routing)")
    lines.append(
      "events   \(totals.held) held, \(totals.takenBack) taken back, \(totals.readsAskedAgain) reads asked again, "
        + "\(totals.unknownFates) unknown fates, \(totals.resubscriptions) resubscriptions, \(totals.slowRequests) slow"
    )
    if let last = outages.latest.last {
      let now = process.startTime + process.uptime
      lines.append(
        "outages  \(outages.count) times without a primary; the last \(last.sentence(ago: now - last.began))")
    }
    lines.append(
      "memory   \(Wording.size(process.residentMemory)) resident, \(Wording.size(totals.outputBytes)) of replies unread"
    )
    let stalled = workers.indices.filter { workers[$0] == nil }
    lines.append(
      "threads  \(workers.count), answering within \(Wording.latency(totals.lag))"
        + (totals.turns.quantile(0.99).map { ", 99 % of turns within \(Wording.latency($0))" } ?? "")
        + (stalled.isEmpty ? "" : "; NOT ANSWERING: \(stalled.map(String.init).joined(separator: ", "))"))
    return lines
  }

  /// How it is, in a few words.
  private var sentence: String {
    switch state {
    case "ok": "ok"
    case "draining": "draining"
    case "starting": "starting, the nodes are being looked at"
    case "paused": "writes are paused"
    case "no-primary": "no primary, reads go on"
    case "down": "no node can be reached"
    default: "a thread does not answer"
    }
  }

  private var routing: String {
    let reasons = RouteReason.allCases.filter { totals.routed[$0] > 0 }
    return reasons.isEmpty
      ? "nothing yet" : reasons.map { "\($0.rawValue) \(totals.routed[$0])" }.joined(separator: ", ")
  }
}

extension TopologyStatus {
  /// How many Sentinels answer, when not all do.
  var sentinelTrouble: String? {
    let answering = sentinels.count { $0.lost == nil }
    guard answering < sentinels.count else { return nil }
    let isAlone = answering == 0 && primary != nil
    return "sentinels \(answering) of \(sentinels.count) answer"
      + (isAlone ? "; the last proven topology serves on" : "")
  }
}
