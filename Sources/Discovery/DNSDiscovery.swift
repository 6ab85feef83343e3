import Commands
import Reactor
import Topology

/// Watches the nodes that names stand for, and tells what they amount to.
///
/// Belongs to one loop. The judgement is ``DNSTopology``'s; this only looks names up, asks, waits and passes on.
public final class DNSDiscovery: TopologySource {
  /// How often nodes are looked at while something is going on, in seconds, and how often when that lasts.
  private static let haste = 0.05
  private static let hasteEnds = 30.0
  private static let lastingHaste = 0.25
  /// How often names are looked up meanwhile, in seconds; a fleet must not be a burden to its name server.
  private static let lookUpHaste = 0.25
  private static let lastingLookUps = 2.0

  private let loop: EventLoop
  private let names: [NodeAddress]
  private let refresh: Double
  private let settings: MonitorSettings
  private let resolver: NameResolver
  private let handlers: DiscoveryHandlers
  private var topology: DNSTopology
  private var lookUps: [NodeAddress: LookUp] = [:]
  private var monitors: [NodeAddress: NodeMonitor] = [:]
  private var descriptions: [NodeAddress: ServerDescription] = [:]
  private var lost: Set<NodeAddress> = []
  private var update: DiscoveryUpdate
  private var unsettledSince: Double?
  private var refreshTimer: TimerSource?
  private var clock: TimerSource?
  private var isCancelled = false

  /// What is known of a name.
  fileprivate struct LookUp {
    var isUnderWay = false
    var startedAt = -Double.infinity
    /// As it was last answered; nothing before that.
    var addresses: [NodeAddress]?
    var failure: String?
  }

  /// - Parameters:
  ///   - names: those of the primary, or of all nodes, first.
  ///   - refresh: setting `topology.dns.refresh`, in seconds.
  ///   - maxLag: setting `reads.max-lag`, in seconds; nodes are asked as often as that needs.
  public init(
    on loop: EventLoop, names: [NodeAddress], refresh: Double, maxLag: Double? = nil, settings: MonitorSettings,
    handlers: DiscoveryHandlers
  ) {
    self.loop = loop
    self.names = names
    self.refresh = refresh
    var settings = settings
    settings.heartbeat = min(settings.heartbeat, StaticTopology.interval(forMaxLag: maxLag) ?? settings.heartbeat)
    settings.convalescence = min(settings.convalescence, settings.heartbeat)
    self.settings = settings
    self.handlers = handlers
    resolver = NameResolver(on: loop)
    topology = DNSTopology(maxLag: maxLag)
    update = DiscoveryUpdate(snapshot: topology.snapshot, addresses: [:], server: nil)
  }

  public func start() {
    lookUp(notBefore: 0)
    armRefresh()
    // Patience ends without anybody saying anything.
    clock = TimerSource(on: loop, after: Self.lookUpHaste, repeating: Self.lookUpHaste) { [unowned self] in
      guard self.topology.isUnsettled else { return }
      self.topology.pass(to: self.loop.now)
      self.lookUp(notBefore: self.isLasting ? Self.lastingLookUps : Self.lookUpHaste)
      self.renewServiceOfPrimary()
      self.tell()
    }
  }

  public func goOn(from other: any TopologySource) {
    guard let other = other as? DNSDiscovery, !Set(other.names).isDisjoint(with: names) else { return }
    topology.goOn(from: other.topology)
  }

  public func cancel() {
    isCancelled = true
    for monitor in monitors.values { monitor.cancel() }
    monitors = [:]
    refreshTimer = nil
    clock = nil
  }

  public func look() {
    for monitor in monitors.values { monitor.look() }
    lookUp(notBefore: Self.lookUpHaste)
  }

  public var isComplete: Bool { topology.isComplete }

  // MARK: - Names

  /// Not all ambassadors of a fleet at once.
  private func armRefresh() {
    refreshTimer = TimerSource(on: loop, after: refresh * Double.random(in: 0.8...1)) { [unowned self] in
      self.lookUp(notBefore: 0)
      self.armRefresh()
    }
  }

  /// - Parameter pause: names that were looked up less than so many seconds ago are left for later.
  private func lookUp(notBefore pause: Double) {
    for name in names {
      var one = lookUps[name, default: LookUp()]
      guard !one.isUnderWay, loop.now - one.startedAt >= pause else { continue }
      (one.isUnderWay, one.startedAt) = (true, loop.now)
      lookUps[name] = one
      resolver.resolve(name.host, port: name.port) { [weak self] result in
        guard let self, !self.isCancelled else { return }
        self.take(result, for: name)
      }
    }
  }

  private func take(_ result: Result<[SocketAddress], NameResolver.ResolutionError>, for name: NodeAddress) {
    var one = lookUps[name, default: LookUp()]
    one.isUnderWay = false
    switch result {
    case .success(let addresses):
      one.addresses = addresses.map { NodeAddress(host: $0.host, port: name.port) }
      one.failure = nil
    case .failure(let error):
      // It stands for what it stood for: it may be the name server that is away.
      one.failure = error.why
    }
    lookUps[name] = one
    handlers.onName(name, one.failure)
    let found = names.compactMap { lookUps[$0] }
    // A name that stands for many nodes stands for these themselves; one that stands for a single address may be a service
    // in front of them. Of two addresses of one node, the first counts.
    let all = found.compactMap(\.addresses)
    let addresses = all.filter { $0.count > 1 } + all.filter { $0.count == 1 }
    let silent = names.first { lookUps[$0]?.addresses == nil }
    topology.named(
      addresses.flatMap { $0 }, isWhole: found.count == names.count && found.allSatisfy { $0.isDecided },
      trouble: silent.flatMap { name in
        lookUps[name]?.failure.map { "the name \(name.host) cannot be resolved: \($0)" }
      }, now: loop.now)
    tell()
  }

  /// A service with one address goes on leading to a former primary for as long as a connection lasts: only a new one
  /// shows where it leads now.
  private func renewServiceOfPrimary() {
    guard topology.snapshot.primary == nil, let name = names.first, let addresses = lookUps[name]?.addresses,
      addresses.count == 1
    else { return }
    monitors[addresses[0]]?.renew()
  }

  // MARK: - Nodes

  private func watch() {
    let watched = topology.watched
    for (node, monitor) in monitors where !watched.contains(node) {
      monitor.cancel()
      (monitors[node], descriptions[node], update.addresses[node]) = (nil, nil, nil)
      lost.remove(node)
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
  }

  private func take(_ event: NodeMonitor.Event, from node: NodeAddress) {
    switch event {
    case .observed(let observation, let span):
      let before = topology.snapshot.primary
      topology.observe(node, observation, during: span)
      handlers.onObservation(node, observation)
      if noteLoss(of: node, observation) || before != nil && topology.snapshot.primary == nil { look() }
    case .described(let server):
      descriptions[node] = server
      topology.describe(node, runID: server.runID)
    case .commands(let commands):
      handlers.onCommands(commands)
    case .resolved(let address):
      update.addresses[node] = address
    }
    tell()
  }

  /// Whether a node that was there is lost now.
  private func noteLoss(of node: NodeAddress, _ observation: NodeObservation) -> Bool {
    if case .lost = observation { return lost.insert(node).inserted }
    lost.remove(node)
    return false
  }

  // MARK: - Pace

  private var isLasting: Bool { unsettledSince.map { loop.now - $0 >= Self.hasteEnds } ?? false }

  private var haste: Double? {
    guard unsettledSince != nil, topology.isComplete else { return nil }
    return isLasting ? Self.lastingHaste : Self.haste
  }

  private func tell() {
    unsettledSince = topology.isUnsettled ? unsettledSince ?? loop.now : nil
    watch()
    update.snapshot = topology.snapshot
    let nodes = update.snapshot.replicas.map(\.node) + (update.snapshot.primary.map { [$0] } ?? [])
    update.handovers = topology.handovers
    update.processes = nodes.reduce(into: [:]) { $0[$1] = topology.runID(at: $1) }
    if let primary = update.snapshot.primary, let server = descriptions[primary] { update.server = server }
    // Also when nothing has changed: whoever waits for completeness must hear of it.
    handlers.onUpdate(update)
  }
}

extension DNSDiscovery.LookUp {
  /// It was answered, or could not be.
  fileprivate var isDecided: Bool { addresses != nil || failure != nil }
}
