import Commands
import Configuration
import Discovery
import Proxy
import Topology

// What discovery says, and who is told.
extension Ambassador {
  func startDiscovery() {
    discoveryID = nextDiscoveryID()
    let discovery = makeDiscovery(configuration, secrets, id: discoveryID)
    self.discovery = discovery
    discovery.start()
  }

  func nextDiscoveryID() -> UInt64 {
    discoveriesMade += 1
    return discoveriesMade
  }

  /// Makes what watches a configuration's nodes; it is not started.
  /// - Parameter id: what it finds counts while this is the id of the one in force, or of the candidate.
  func makeDiscovery(
    _ configuration: AmbassadorConfiguration, _ secrets: Secrets, id: UInt64
  ) -> any TopologySource {
    let handlers = DiscoveryHandlers(
      onUpdate: { [unowned self] update in self.heard(update, from: id) },
      onCommands: { [unowned self] commands in self.heard(commands, from: id) },
      onObservation: { [unowned self] node, observation in
        guard id == self.discoveryID else { return }
        self.narrator.observed(node, observation)
        self.desk?.observed(node, observation)
      },
      onSentinel: { [unowned self] sentinel, why in
        guard id == self.discoveryID else { return }
        self.narrator.heard(sentinel, lost: why)
        self.desk?.heard(sentinel, lost: why)
      },
      onSentinelLeft: { [unowned self] sentinel in
        guard id == self.discoveryID else { return }
        self.narrator.left(sentinel)
        self.desk?.left(sentinel)
      },
      onSentinelEvents: { [unowned self] sentinel, why in
        guard id == self.discoveryID else { return }
        self.narrator.heardEvents(of: sentinel, lost: why)
      },
      onName: { [unowned self] name, failure in
        guard id == self.discoveryID else { return }
        self.narrator.lookedUp(name, failure: failure)
      })
    let maxLag = configuration.reads.maxLag?.seconds
    let settings = MonitorSettings(configuration, secrets)
    switch configuration.topology {
    case .static(let nodes):
      return StaticDiscovery(
        on: loop, primary: NodeAddress(nodes.primary), replicas: nodes.replicas.map(NodeAddress.init),
        maxLag: maxLag, settings: settings, handlers: handlers)
    case .sentinel(let sentinel):
      return SentinelDiscovery(
        on: loop, sentinels: sentinel.addresses.map(NodeAddress.init), maxLag: maxLag, settings: settings,
        sentinelSettings: SentinelSettings(sentinel, configuration, secrets), handlers: handlers)
    case .dns(let dns):
      return DNSDiscovery(
        on: loop, names: dns.names.map(NodeAddress.init), refresh: dns.refresh.seconds, maxLag: maxLag,
        settings: settings, handlers: handlers)
    }
  }

  private func heard(_ update: DiscoveryUpdate, from id: UInt64) {
    if id == discoveryID { return follow(update) }
    guard case .proving(var candidate) = reloading.stage, candidate.discoveryID == id else { return }
    candidate.update = update
    reloading.stage = .proving(candidate)
    considerCandidate()
  }

  private func heard(_ commands: [LiveCommand], from id: UInt64) {
    if id == discoveryID { return use(commands) }
    guard case .proving(var candidate) = reloading.stage, candidate.discoveryID == id else { return }
    candidate.commands += commands
    reloading.stage = .proving(candidate)
  }

  func follow(_ update: DiscoveryUpdate) {
    guard !isStopping else { return }
    let isComplete = discovery?.isComplete ?? true
    absentSince = update.snapshot.primary == nil ? absentSince ?? loop.now : nil
    if isComplete || isAccepting, lastSnapshot != update.snapshot {
      lastSnapshot = update.snapshot
      narrator.changed(update.snapshot)
      desk?.followed(update.snapshot)
    }
    noteHandover(update)
    var topology = UpstreamTopology(update)
    if let primary = topology.primary, primary != lastPrimary {
      lastPrimary = primary
      reign += 1
    }
    topology.reign = reign
    topology.generation = generation
    topology.source = source
    if topology != lastTopology {
      lastTopology = topology
      for worker in workers { worker.follow(topology) }
    }
    if isComplete { accept() }
  }

  /// The source itself has put other nodes in the place of those before, as a reload does: what was begun there is finished
  /// there. While a reload is being applied, they count as lost.
  private func noteHandover(_ update: DiscoveryUpdate) {
    defer { handovers = update.handovers }
    guard update.handovers > handovers, case .none = reloading.stage else { return }
    source += 1
    generation += 1
    reloading.undrained = Set(workers.indices)
  }

  func use(_ commands: [LiveCommand]) {
    table = table.merging(commands)
    let table = table
    for worker in workers { worker.use(table) }
  }
}
