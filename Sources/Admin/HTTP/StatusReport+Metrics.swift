import Proxy
import Routing

extension StatusReport {
  /// Everything in Prometheus' text format. `docs/metrics.md` says what each is good for; names are only ever added.
  public var metrics: String {
    var out = MetricsText()
    addProcess(to: &out)
    addClients(to: &out)
    addNodes(to: &out)
    addRouting(to: &out)
    addTroubles(to: &out)
    return out.text
  }

  private func addProcess(to out: inout MetricsText) {
    out.add(
      "redis_amb_build_info", .gauge, "The version that runs; always 1.", [.init(1, [("version", process.version)])])
    out.add(
      "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", process.startTime)
    out.add(
      "process_resident_memory_bytes", .gauge, "Memory of the process that is in RAM.", process.residentMemory)
    out.add("process_cpu_seconds_total", .counter, "CPU time of the process, user and system.", process.cpuTime)
    out.add(
      "redis_amb_worker_up", .gauge, "Whether the thread has answered within a second.",
      workers.enumerated().map { .init($1 == nil ? 0 : 1, [("worker", "\($0)")]) })
    out.add(
      "redis_amb_loop_lag_seconds", .gauge, "How long an event waited for the thread's loop when it was last asked.",
      workers.compactMap { $0 }.map { .init($0.lag, [("worker", "\($0.index)")]) })
    out.add(
      "redis_amb_loop_turn_duration_seconds",
      "How long the thread's loop is awake at a time, and so how long an event may wait; one turn of sixteen.",
      workers.compactMap { $0 }.map { Self.distribution(of: $0.turns, [("worker", "\($0.index)")]) })
  }

  private func addClients(to out: inout MetricsText) {
    out.add("redis_amb_clients", .gauge, "Connected clients.", totals.clients)
    out.add("redis_amb_client_connections_total", .counter, "Connections that clients have opened.", totals.accepted)
    out.add(
      "redis_amb_clients_refused_total", .counter, "Clients that were refused because too many files are open.",
      process.refusedClients)
    out.add(
      "redis_amb_client_output_bytes", .gauge, "Bytes of replies that wait for clients to read them.",
      totals.outputBytes)
    out.add("redis_amb_upstreams", .gauge, "Connections to nodes, shared and own.", totals.lanes)
    out.add("redis_amb_upstreams_lent", .gauge, "Connections to nodes that are lent to single clients.", totals.lent)
    out.add(
      "redis_amb_sessions", .gauge, "Clients with an upstream of their own: in transactions, blocked, subscribed.",
      totals.sessions)
  }

  private func addNodes(to out: inout MetricsText) {
    func samples(_ value: (NodeStatus) -> Double?) -> [MetricsText.Sample] {
      nodes.compactMap { node in
        value(node).map { .init($0, [("node", node.name.description), ("role", node.role.rawValue)]) }
      }
    }
    out.add(
      "redis_amb_node_up", .gauge, "Whether requests may go to the node now.", samples { $0.isServing ? 1 : 0 })
    out.add(
      "redis_amb_node_lag_bytes", .gauge, "Bytes of replication that the node is behind the primary.",
      samples { $0.lagBytes.map(Double.init) })
    out.add(
      "redis_amb_node_in_flight", .gauge, "Requests that the node has not answered yet.",
      samples { Double($0.outstanding) })
    out.add(
      "redis_amb_node_upstreams", .gauge, "Connections to the node that are ready.", samples { Double($0.readyLanes) })
    // Counters go on under one name whatever the node's role is: it is no label here.
    out.add(
      "redis_amb_requests_total", .counter,
      "Requests sent to the node; one that is asked again elsewhere counts again there.",
      nodes.flatMap { node in
        RequestClass.allCases.map { .init(node.traffic.requests[$0], Self.labels(node, $0)) }
      })
    out.add(
      "redis_amb_request_duration_seconds",
      "Time from handing a request to the kernel until its reply was there; a sample of all requests.",
      nodes.flatMap { node in
        RequestClass.allCases.map { Self.distribution(of: node.traffic.latency[$0], Self.labels(node, $0)) }
      })
    out.add(
      "redis_amb_primary_known", .gauge, "Whether there is a proven primary.", topology.primary == nil ? 0 : 1)
    out.add(
      "redis_amb_primary_changes_total", .counter, "How often another node than before became the primary.",
      topology.primaryChanges)
    if topology.epoch > 0 {
      out.add("redis_amb_topology_epoch", .gauge, "Sentinel's config epoch.", Int(clamping: topology.epoch))
    }
  }

  private static func labels(_ node: NodeStatus, _ kind: RequestClass) -> [(name: String, value: String)] {
    [("node", node.name.description), ("class", kind.rawValue)]
  }

  private static func distribution(
    of times: LatencyHistogram, _ labels: [(name: String, value: String)]
  ) -> MetricsText.Distribution {
    .init(
      bounds.map { ($0, Int(clamping: times.cumulative(below: $0))) }, count: Int(clamping: times.count),
      sum: times.sum, labels)
  }

  /// Each twice the one before, from 32 µs to 8.4 s: where buckets of the histogram end.
  static let bounds = (5...23).map { Double(1 << $0) / 1_000_000 }

  private func addRouting(to out: inout MetricsText) {
    out.add(
      "redis_amb_routed_total", .counter, "Requests by the reason for which they went where they went.",
      RouteReason.allCases.map { .init(totals.routed[$0], [("reason", $0.rawValue)]) })
  }

  private func addTroubles(to out: inout MetricsText) {
    out.add("redis_amb_holds_total", .counter, "Requests that began to wait for a primary.", totals.held)
    out.add("redis_amb_held_clients", .gauge, "Clients that wait for a primary now.", totals.holding)
    out.add("redis_amb_held_bytes", .gauge, "Bytes of requests that wait for a primary now.", totals.heldBytes)
    out.add("redis_amb_outages_total", .counter, "Times without a primary, after there was one.", outages.count)
    out.add(
      "redis_amb_outage_seconds_total", .counter,
      "How long these took together, from the first evidence to the next proof; those that are over.", outages.seconds)
    if let last = outages.latest.last {
      out.add(
        "redis_amb_last_outage_start_time_seconds", .gauge, "When the latest of these began, in seconds since 1970.",
        last.began)
      if let lasted = last.lasted {
        out.add("redis_amb_last_outage_duration_seconds", .gauge, "How long the latest of these took.", lasted)
      }
      out.add(
        "redis_amb_last_outage_wait_seconds", .gauge, "The longest that a client waited in the latest of these.",
        last.toll.longest)
    }
    out.add(
      "redis_amb_taken_back_total", .counter,
      "Requests that a node refused as none that is the primary, and that waited on.",
      totals.takenBack)
    out.add("redis_amb_reads_retried_total", .counter, "Reads that were asked again elsewhere.", totals.readsAskedAgain)
    out.add(
      "redis_amb_unknown_writes_total", .counter, "Writes that were answered with AMBUNKNOWN: their fate is not known.",
      totals.unknownFates)
    out.add(
      "redis_amb_slow_requests_total", .counter,
      "Requests for which a node was silent for 10 ms or more; at most one in 10 ms is counted.", totals.slowRequests)
    out.add(
      "redis_amb_resubscriptions_total", .counter, "Clients whose subscriptions were taken up again after a loss.",
      totals.resubscriptions)
    out.add(
      "redis_amb_reloads_total", .counter, "Reloads of the configuration that were asked for, by how they ended.",
      process.reloads.map { .init($0.count, [("outcome", $0.outcome)]) })
    out.add(
      "redis_amb_configuration_current", .gauge,
      "Whether what the files say is in force: 0 when it was refused, or is not in force yet.",
      process.configuration.isCurrent ? 1 : 0)
    out.add("redis_amb_paused", .gauge, "Whether somebody has paused writes.", pause == nil ? 0 : 1)
  }
}
