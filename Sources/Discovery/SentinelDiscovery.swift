import Commands
import Reactor
import Topology

/// Watches Sentinels, and the nodes that they name, and tells what they amount to.
///
/// Belongs to one loop. The judgement is ``SentinelTopology``'s; this only asks, waits and passes on.
public final class SentinelDiscovery: TopologySource {
  /// How often nodes are looked at while something is going on, in seconds: a promoted node is found in this time.
  private static let haste = 0.025
  /// How often Sentinels are asked meanwhile, besides after each of their events.
  private static let pollHaste = 0.1
  /// A failover is over by then. What is still not settled is a lasting trouble, and looked at less often.
  private static let hasteEnds = 30.0
  private static let lastingHaste = 0.25
  /// How often the configured names of Sentinels are resolved anew, in seconds: pods come and go.
  private static let resolveInterval = 30.0

  private let loop: EventLoop
  private let configured: [NodeAddress]
  private let settings: MonitorSettings
  private let sentinelSettings: SentinelSettings
  private let resolver: NameResolver
  private let handlers: DiscoveryHandlers
  private var topology: SentinelTopology
  private var monitors: [NodeAddress: NodeMonitor] = [:]
  private var links: [SocketAddress: Link] = [:]
  private var descriptions: [NodeAddress: ServerDescription] = [:]
  private var update: DiscoveryUpdate
  /// Names of Sentinels that are being resolved, or were.
  private var resolving: Set<NodeAddress> = []
  private var resolved: [NodeAddress: [SocketAddress]] = [:]
  private var resolveTimer: TimerSource?
  private var clock: TimerSource?
  private var unsettledSince: Double?
  private var isCancelled = false

  private struct Link {
    let link: SentinelLink
    /// As what it is known to the topology.
    let name: NodeAddress
  }

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds; nodes are asked as often as that needs.
  public init(
    on loop: EventLoop, sentinels: [NodeAddress], maxLag: Double? = nil, settings: MonitorSettings,
    sentinelSettings: SentinelSettings, handlers: DiscoveryHandlers
  ) {
    self.loop = loop
    configured = sentinels
    var settings = settings
    settings.heartbeat = min(settings.heartbeat, StaticTopology.interval(forMaxLag: maxLag) ?? settings.heartbeat)
    settings.convalescence = min(settings.convalescence, settings.heartbeat)
    self.settings = settings
    self.sentinelSettings = sentinelSettings
    self.handlers = handlers
    resolver = NameResolver(on: loop)
    topology = SentinelTopology(name: sentinelSettings.name, maxLag: maxLag)
    update = DiscoveryUpdate(snapshot: topology.snapshot, addresses: [:], server: nil)
  }

  public func start() {
    for sentinel in configured { resolve(sentinel) }
    resolveTimer = TimerSource(on: loop, after: Self.resolveInterval, repeating: Self.resolveInterval) {
      [unowned self] in
      for sentinel in self.configured + self.topology.sentinels { self.resolve(sentinel) }
    }
    // Patience ends without anybody saying anything.
    clock = TimerSource(on: loop, after: 0.5, repeating: 0.5) { [unowned self] in
      self.topology.pass(to: self.loop.now)
      self.tell()
    }
  }

  /// Sentinels that have nobody in common may watch other nodes under the same name.
  public func goOn(from other: any TopologySource) {
    guard let other = other as? SentinelDiscovery else { return }
    let theirs = Set(other.configured + other.topology.sentinels)
    if !theirs.isDisjoint(with: configured) { topology.goOn(from: other.topology) }
  }

  public func cancel() {
    isCancelled = true
    for monitor in monitors.values { monitor.cancel() }
    for link in links.values { link.link.cancel() }
    monitors = [:]
    links = [:]
    resolveTimer = nil
    clock = nil
  }

  public func look() {
    for link in links.values { link.link.ask() }
    for monitor in monitors.values { monitor.look() }
  }

  public var isComplete: Bool { topology.isComplete }

  // MARK: - Sentinels

  private func resolve(_ sentinel: NodeAddress) {
    guard resolving.insert(sentinel).inserted else { return }
    resolver.resolve(sentinel.host, port: sentinel.port) { [weak self] result in
      guard let self, !self.isCancelled else { return }
      self.resolving.remove(sentinel)
      switch result {
      case .success(let addresses):
        self.resolved[sentinel] = addresses
        for address in addresses where self.links[address] == nil {
          // A name with several addresses is several Sentinels; each goes by its own.
          let own = addresses.count > 1 ? NodeAddress(host: address.host, port: sentinel.port) : sentinel
          self.connect(to: address, as: own)
        }
        self.prune()
      case .failure(let error):
        // The addresses of before are kept: it may be the name server that is away.
        if self.resolved[sentinel] == nil {
          self.take(.lost("its name cannot be resolved: \(error.why)"), from: sentinel)
        }
      }
    }
  }

  private func connect(to address: SocketAddress, as name: NodeAddress) {
    let link = SentinelLink(to: address, on: loop, settings: sentinelSettings) { [weak self] event in
      self?.take(event, from: name)
    }
    links[address] = Link(link: link, name: name)
    link.hurry(pollInterval)
    link.start()
  }

  /// Gives up links to addresses that no name stands for any more.
  private func prune() {
    let names = Set(configured + topology.sentinels)
    for name in resolved.keys where !names.contains(name) { resolved[name] = nil }
    let wanted = Set(resolved.values.joined())
    for (address, link) in links where !wanted.contains(address) {
      link.link.cancel()
      links[address] = nil
      topology.lost(sentinelAt: link.name, why: "its name stands for another address now", now: loop.now)
      if !links.values.contains(where: { $0.name == link.name }) { handlers.onSentinelLeft(link.name) }
    }
  }

  private func take(_ event: SentinelLink.Event, from name: NodeAddress) {
    switch event {
    case .answered(let answer, let id, let span):
      topology.answered(answer, by: id, at: name, during: span)
      handlers.onSentinel(name, nil)
    case .denied(let names, let id):
      topology.denied(knowing: names, by: id, at: name, now: loop.now)
    case .happened(let event, let id):
      topology.happened(event, at: id, now: loop.now)
      // Whatever it is, answers tell more; and the node that it is about may have something to say.
      look()
    case .lost(let why):
      topology.lost(sentinelAt: name, why: why, now: loop.now)
      handlers.onSentinel(name, why)
      resolve(name)
    case .deaf(let why):
      handlers.onSentinelEvents(name, why)
    }
    tell()
  }

  // MARK: - Nodes

  private func watch() {
    let watched = topology.watched
    for (node, monitor) in monitors where !watched.contains(node) {
      monitor.cancel()
      monitors[node] = nil
      descriptions[node] = nil
    }
    for node in watched where monitors[node] == nil {
      let monitor = NodeMonitor(node, on: loop, settings: settings, resolver: resolver, wantsCommands: false) {
        [weak self] event in self?.take(event, from: node)
      }
      monitors[node] = monitor
      monitor.hurry(haste)
      monitor.start()
    }
    let primary = topology.snapshot.primary
    for (node, monitor) in monitors {
      monitor.wantsCommands = node == primary
      monitor.hurry(haste)
    }
    for link in links.values { link.link.hurry(pollInterval) }
    for sentinel in topology.sentinels where resolved[sentinel] == nil { resolve(sentinel) }
  }

  private func take(_ event: NodeMonitor.Event, from node: NodeAddress) {
    switch event {
    case .observed(let observation, let span):
      let before = topology.snapshot.primary
      topology.observe(node, observation, during: span)
      handlers.onObservation(node, observation)
      // A proof that has ended is found anew in what is said from now on.
      if before != nil, topology.snapshot.primary == nil { look() }
    case .described(let server):
      descriptions[node] = server
      topology.describe(node, runID: server.runID)
    case .commands(let commands):
      handlers.onCommands(commands)
    case .resolved(let address):
      update.addresses[node] = address
      topology.locate(node, at: NodeAddress(host: address.host, port: address.port ?? node.port))
    }
    tell()
  }

  // MARK: - Pace

  private var haste: Double? {
    guard let unsettledSince else { return nil }
    return loop.now - unsettledSince < Self.hasteEnds ? Self.haste : Self.lastingHaste
  }

  private var pollInterval: Double? { haste.map { max($0, Self.pollHaste) } }

  private func tell() {
    unsettledSince = topology.isUnsettled ? unsettledSince ?? loop.now : nil
    watch()
    update.snapshot = topology.snapshot
    if let primary = update.snapshot.primary, let server = descriptions[primary] { update.server = server }
    // Also when nothing has changed: whoever waits for completeness must hear of it.
    handlers.onUpdate(update)
  }
}
