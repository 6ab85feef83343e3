import Commands
import Configuration
import Discovery
import Proxy
import Topology

// What discovery says, and who is told.
extension Ambassador {
  func startDiscovery(_ secrets: Secrets) {
    let handlers = DiscoveryHandlers(
      onUpdate: { [unowned self] update in self.follow(update) },
      onCommands: { [unowned self] commands in self.use(commands) },
      onObservation: { [unowned self] node, observation in
        self.narrator.observed(node, observation)
        self.desk?.observed(node, observation)
      },
      onSentinel: { [unowned self] sentinel, why in self.narrator.heard(sentinel, lost: why) })
    let maxLag = configuration.reads.maxLag?.seconds
    let settings = MonitorSettings(configuration, secrets)
    let discovery: any TopologySource
    switch configuration.topology {
    case .static(let nodes):
      discovery = StaticDiscovery(
        on: loop, primary: NodeAddress(nodes.primary), replicas: nodes.replicas.map(NodeAddress.init),
        maxLag: maxLag, settings: settings, handlers: handlers)
    case .sentinel(let sentinel):
      discovery = SentinelDiscovery(
        on: loop, sentinels: sentinel.addresses.map(NodeAddress.init), maxLag: maxLag, settings: settings,
        sentinelSettings: SentinelSettings(sentinel, configuration, secrets), handlers: handlers)
    }
    self.discovery = discovery
    discovery.start()
  }

  private func follow(_ update: DiscoveryUpdate) {
    guard !isStopping else { return }
    let isComplete = discovery?.isComplete ?? true
    if isComplete || isAccepting, lastSnapshot != update.snapshot {
      lastSnapshot = update.snapshot
      narrator.changed(update.snapshot)
    }
    var topology = UpstreamTopology(update)
    if let primary = topology.primary, primary != lastPrimary {
      lastPrimary = primary
      reign += 1
    }
    topology.reign = reign
    if topology != lastTopology {
      lastTopology = topology
      for worker in workers { worker.follow(topology) }
    }
    if isComplete { accept() }
  }

  private func use(_ commands: [LiveCommand]) {
    table = table.merging(commands)
    let table = table
    for worker in workers { worker.use(table) }
  }
}
