import Commands
import Reactor
import Topology

/// Watches a configured primary and its replicas, and tells what they amount to.
///
/// Belongs to one loop. The judgement is ``StaticTopology``'s; this only asks, waits and passes on.
public final class StaticDiscovery: TopologySource {
  private let loop: EventLoop
  private let primary: NodeAddress
  private let settings: MonitorSettings
  private let resolver: NameResolver
  private let handlers: DiscoveryHandlers
  private var topology: StaticTopology
  private var monitors: [NodeAddress: NodeMonitor] = [:]
  private var descriptions: [NodeAddress: ServerDescription] = [:]
  private var update: DiscoveryUpdate
  private var unsettledSince: Double?
  private var clock: TimerSource?
  /// How often it is asked whether patience has ended, in seconds.
  private static let tick = 0.25
  /// How often nodes are looked at while something is going on, in seconds, and how often when that lasts.
  private static let haste = 0.05
  private static let hasteEnds = 30.0
  private static let lastingHaste = 0.25

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds; nodes are asked as often as that needs.
  public init(
    on loop: EventLoop, primary: NodeAddress, replicas: [NodeAddress], maxLag: Double? = nil,
    settings: MonitorSettings, handlers: DiscoveryHandlers
  ) {
    self.loop = loop
    self.primary = primary
    var settings = settings
    settings.heartbeat = min(settings.heartbeat, StaticTopology.interval(forMaxLag: maxLag) ?? settings.heartbeat)
    settings.convalescence = min(settings.convalescence, settings.heartbeat)
    self.settings = settings
    self.handlers = handlers
    resolver = NameResolver(on: loop)
    topology = StaticTopology(primary: primary, replicas: replicas, maxLag: maxLag)
    update = DiscoveryUpdate(snapshot: topology.snapshot, addresses: [:], server: nil)
  }

  public func start() {
    watch()
    // Patience ends without anybody saying anything.
    clock = TimerSource(on: loop, after: Self.tick, repeating: Self.tick) { [unowned self] in
      guard self.topology.isUnsettled else { return }
      self.topology.pass(to: self.loop.now)
      self.watch()
      self.tell()
    }
  }

  public func goOn(from other: any TopologySource) {
    guard let other = other as? StaticDiscovery else { return }
    topology.goOn(from: other.topology)
    update.snapshot = topology.snapshot
  }

  public func cancel() {
    for monitor in monitors.values { monitor.cancel() }
    monitors = [:]
    clock = nil
  }

  public func look() { for monitor in monitors.values { monitor.look() } }

  /// Whether every node that is known has been heard of, for good or bad.
  public var isComplete: Bool { topology.isComplete }

  private func watch() {
    let watched = topology.watched
    for (node, monitor) in monitors where !watched.contains(node) {
      monitor.cancel()
      monitors[node] = nil
    }
    for node in watched where monitors[node] == nil {
      let monitor = NodeMonitor(
        node, on: loop, settings: settings, resolver: resolver, wantsCommands: node == primary
      ) { [weak self] event in self?.take(event, from: node) }
      monitors[node] = monitor
      monitor.start()
    }
    // Who takes the primary's place is found when it does.
    let known = topology.snapshot.primary
    unsettledSince = topology.isUnsettled && topology.isComplete ? unsettledSince ?? loop.now : nil
    let haste = unsettledSince.map { loop.now - $0 < Self.hasteEnds ? Self.haste : Self.lastingHaste }
    for (node, monitor) in monitors {
      monitor.wantsCommands = node == known ?? primary
      monitor.hurry(haste)
    }
  }

  private func take(_ event: NodeMonitor.Event, from node: NodeAddress) {
    switch event {
    case .observed(let observation, let span):
      let before = topology.snapshot.primary
      topology.observe(node, observation, during: span)
      handlers.onObservation(node, observation)
      watch()
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

  private func tell() {
    update.snapshot = topology.snapshot
    if let server = descriptions[update.snapshot.primary ?? primary] { update.server = server }
    // Also when nothing has changed: whoever waits for completeness must hear of it.
    handlers.onUpdate(update)
  }
}
