import Proxy
import Routing

extension StatusReport {
  /// For programs: `STATUS JSON`, `STATUS MAP`, `redis-amb status --json`. Keys are only ever added. Times are in seconds,
  /// sizes in bytes.
  public var document: Document {
    [
      "version": .text(process.version),
      "pid": .integer(process.processID),
      "uptime": .number(process.uptime),
      "state": .text(state),
      "listeners": .list(process.listeners.map(Document.text)),
      "configuration": process.configuration.document,
      "topology": [
        "source": .text(topology.source),
        "primary": Document(topology.primary?.description),
        "primary_absence": topology.primary == nil ? .text(topology.primaryAbsence) : .null,
        "primary_proof": topology.primaryProof.isEmpty ? .null : .text(topology.primaryProof),
        "epoch": .integer(Int(clamping: topology.epoch)),
        "sentinels": .list(
          topology.sentinels.map { ["name": .text($0.name.description), "lost": Document($0.lost)] }),
      ],
      "nodes": .list(nodes.map(\.document)),
      "clients": [
        "connected": .integer(totals.clients), "accepted": .integer(totals.accepted),
        "refused": .integer(process.refusedClients),
      ],
      "upstreams": [
        "open": .integer(totals.lanes), "lent": .integer(totals.lent), "sessions": .integer(totals.sessions),
      ],
      "requests": [
        "total": .integer(totals.requests), "per_second": .number(totals.rate), "window": .number(window),
      ],
      "holds": [
        "clients": .integer(totals.holding), "bytes": .integer(totals.heldBytes),
        "primary_missed_for": Document(totals.absentFor),
      ],
      "outages": [
        "count": .integer(outages.count), "seconds": .number(outages.seconds),
        "latest": .list(outages.latest.map(\.document)),
      ],
      "pause": pause.map { ["since": .number($0.since), "ends_in": Document($0.endsIn)] } ?? .null,
      "counters": counters,
      "routing": .map(RouteReason.allCases.map { .init($0.rawValue, .integer(totals.routed[$0])) }),
      "memory": ["resident": .integer(process.residentMemory), "client_output": .integer(totals.outputBytes)],
      "workers": .list(
        workers.enumerated().map { index, worker in
          [
            "index": .integer(index), "answered": .boolean(worker != nil), "lag": Document(worker?.lag),
            "clients": Document(worker?.clients), "turn_p99": Document(worker?.turns.quantile(0.99)),
          ]
        }),
    ]
  }

  private var counters: Document {
    [
      "held": .integer(totals.held), "taken_back": .integer(totals.takenBack),
      "reads_asked_again": .integer(totals.readsAskedAgain), "unknown_fates": .integer(totals.unknownFates),
      "resubscriptions": .integer(totals.resubscriptions), "slow_requests": .integer(totals.slowRequests),
    ]
  }

  /// One word for how it is.
  public var state: String {
    if process.isDraining { return "draining" }
    if !process.isAccepting { return "starting" }
    if pause != nil { return "paused" }
    if workers.contains(where: { $0 == nil }) { return "stalled" }
    if topology.primary == nil { return nodes.contains { $0.isServing } ? "no-primary" : "down" }
    return "ok"
  }
}

extension NodeStatus {
  var document: Document {
    [
      "name": .text(name.description), "role": .text(role.rawValue), "serving": .boolean(isServing),
      "health": .text(health), "lag_bytes": Document(lagBytes), "silent": .boolean(isSilent),
      "upstreams": .integer(readyLanes), "in_flight": .integer(outstanding),
      "per_second": .number(totalRate), "p50": Document(recentLatency.quantile(0.5)),
      "p99": Document(recentLatency.quantile(0.99)),
      "last_failure": lastFailure.isEmpty ? .null : .text(lastFailure),
      "classes": .map(
        RequestClass.allCases.map { kind in
          .init(
            kind.rawValue,
            [
              "requests": .integer(traffic.requests[kind]), "per_second": .number(rate[kind]),
              "samples": .integer(Int(clamping: recent.latency[kind].count)),
              "p50": Document(recent.latency[kind].quantile(0.5)), "p99": Document(recent.latency[kind].quantile(0.99)),
            ])
        }),
    ]
  }
}
