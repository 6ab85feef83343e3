import Commands
import Configuration
import Consistency
import Discovery
import Glibc
import Logging
import Proxy
import Reactor
import Routing
import Topology

/// Puts the parts together and runs them: listeners, discovery and signals on the calling thread, clients on workers.
public final class Ambassador {
  /// Why it could not start, as one sentence.
  public struct StartFailure: Error, CustomStringConvertible {
    public let description: String
  }

  /// What was bound and found, for whoever started it.
  public struct Ready: Sendable {
    public let addresses: [SocketAddress]
  }

  private let configuration: AmbassadorConfiguration
  private let logger: Logger
  private let loop: EventLoop
  private let listeners: Listeners
  private var narrator: Narrator
  private var workers: [WorkerThread] = []
  private let ledger = SharedLedger()
  private var discovery: (any TopologySource)?
  private var signals: [SignalSource] = []
  private var firstVerdict: TimerSource?
  private var isAccepting = false
  private var nextClientID: UInt64 = 0
  /// What the workers use; merged on, so that a command's number stays the same.
  private var table = CommandTable.builtin
  private var lastTopology: UpstreamTopology?
  private var lastPrimary: UpstreamTopology.Node?
  private var reign: UInt64 = 0
  private var lastSnapshot: TopologySnapshot?
  private var workersLeft = 0
  private var isStopping = false
  private let events = Mailbox<WorkerEvent>()
  private var onReady: ((Ready) -> Void)?

  private init(_ configuration: AmbassadorConfiguration) throws(StartFailure) {
    guard let loop = EventLoop() else {
      throw StartFailure(description: "the kernel gives no epoll descriptor: \(String(cString: strerror(errno)))")
    }
    self.configuration = configuration
    self.loop = loop
    logger = Logger(configuration.log)
    narrator = Narrator(logger: logger)
    listeners = Listeners(on: loop)
  }

  /// Runs until a signal ends it.
  /// - Parameter onReady: called once when the addresses are bound and the topology was looked at, on this thread.
  public static func run(
    _ configuration: AmbassadorConfiguration, onReady: ((Ready) -> Void)? = nil
  ) throws(StartFailure) {
    Memory.giveBackEagerly()
    signal(SIGPIPE, SIG_IGN)
    raiseDescriptorLimit()
    let ambassador = try Ambassador(configuration)
    ambassador.onReady = onReady
    try ambassador.start()
    ambassador.loop.run()
    ambassador.finish()
  }

  private func start() throws(StartFailure) {
    let wanted = configuration.listen.map { ($0.address, ListenerRules(of: $0, in: configuration.reads)) }
    do throws(Listeners.Failure) { try listeners.open(wanted) } catch {
      throw StartFailure(description: error.description)
    }
    let (settings, monitorSettings) = try settings()
    events.open(on: loop) { [unowned self] event in self.happened(event) }
    let events = events
    for index in 0..<configuration.threads {
      let worker = WorkerThread(index: index, settings: settings, table: .builtin, ledger: ledger) {
        events.send($0)
      }
      guard let worker else { throw StartFailure(description: "the system gives no thread for worker \(index)") }
      workers.append(worker)
    }
    workersLeft = workers.count
    signals = [SIGTERM, SIGINT].map { number in
      SignalSource(on: loop, signal: number) { [unowned self] in self.stop(becauseOf: number) }
    }
    try startDiscovery(monitorSettings)
    for (address, listener) in zip(listeners.addresses, configuration.listen) {
      logger.info("listening on \(address)\(listener.difference)")
    }
    // Clients are accepted when the topology is known, or known to be unknown: until then they wait in the queue
    // instead of being told that there is no primary.
    let patience = configuration.upstream.connectTimeout.seconds
    firstVerdict = TimerSource(on: loop, after: patience) { [unowned self] in self.accept() }
  }

  private func settings() throws(StartFailure) -> (WorkerSettings, MonitorSettings) {
    var worker = WorkerSettings()
    worker.limits.clientOutput = configuration.limits.clientOutput
    worker.limits.workerMemory = max(1, configuration.limits.memory / max(1, configuration.threads))
    worker.limits.upstreamTimeout = configuration.upstream.timeout.seconds
    worker.limits.hold = configuration.failover.hold.seconds
    worker.limits.holdBytes = configuration.failover.holdBytes
    worker.limits.maxPinned = max(1, configuration.upstream.maxPinned / max(1, configuration.threads))
    worker.limits.connectTimeout = configuration.upstream.connectTimeout.seconds
    worker.isFencing = configuration.listen.contains { listener in
      let rules = ListenerRules(of: listener, in: configuration.reads)
      return rules.consistency == .readYourWrites && rules.policy != .primary
    }
    var monitor = MonitorSettings()
    monitor.timeout = configuration.upstream.timeout.seconds
    monitor.connectTimeout = configuration.upstream.connectTimeout.seconds
    if let path = configuration.upstream.passwordFile {
      do throws(SecretFileError) {
        let password = try SecretFile.read(path)
        let username = Array((configuration.upstream.username ?? "").utf8)
        worker.credentials = UpstreamCredentials(username: username, password: password)
        monitor.username = username
        monitor.password = password
      } catch {
        throw StartFailure(description: "upstream.password-file: \(error)")
      }
    }
    return (worker, monitor)
  }

  private func startDiscovery(_ settings: MonitorSettings) throws(StartFailure) {
    let handlers = DiscoveryHandlers(
      onUpdate: { [unowned self] update in self.follow(update) },
      onCommands: { [unowned self] commands in self.use(commands) },
      onObservation: { [unowned self] node, observation in self.narrator.observed(node, observation) },
      onSentinel: { [unowned self] sentinel, why in self.narrator.heard(sentinel, lost: why) })
    let maxLag = configuration.reads.maxLag?.seconds
    let discovery: any TopologySource
    switch configuration.topology {
    case .static(let nodes):
      discovery = StaticDiscovery(
        on: loop, primary: NodeAddress(nodes.primary), replicas: nodes.replicas.map(NodeAddress.init),
        maxLag: maxLag, settings: settings, handlers: handlers)
    case .sentinel(let sentinel):
      discovery = SentinelDiscovery(
        on: loop, sentinels: sentinel.addresses.map(NodeAddress.init), maxLag: maxLag, settings: settings,
        sentinelSettings: try sentinelSettings(sentinel), handlers: handlers)
    }
    self.discovery = discovery
    discovery.start()
  }

  private func sentinelSettings(
    _ sentinel: AmbassadorConfiguration.Topology.Sentinel
  ) throws(StartFailure) -> SentinelSettings {
    var settings = SentinelSettings(name: sentinel.masterName)
    settings.timeout = configuration.upstream.timeout.seconds
    settings.connectTimeout = configuration.upstream.connectTimeout.seconds
    if let path = sentinel.passwordFile {
      do throws(SecretFileError) { settings.password = try SecretFile.read(path) } catch {
        throw StartFailure(description: "topology.sentinel.password-file: \(error)")
      }
      settings.username = Array((sentinel.username ?? "").utf8)
    }
    return settings
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

  /// Starts to take connections. Later calls do nothing.
  private func accept() {
    guard !isAccepting else { return }
    isAccepting = true
    firstVerdict = nil
    listeners.accept { [unowned self] fd, rules in
      self.nextClientID += 1
      let worker = self.workers[Int(self.nextClientID % UInt64(self.workers.count))]
      worker.adopt(fd, id: self.nextClientID, rules: rules)
    }
    onReady?(Ready(addresses: listeners.addresses))
    onReady = nil
  }

  private func happened(_ event: WorkerEvent) {
    if case .ended = event {
      workersLeft -= 1
      if workersLeft == 0 { loop.stop() }
      return
    }
    if !isStopping { narrator.happened(event) }
  }

  /// The first signal lets clients finish, the second ends at once.
  private func stop(becauseOf number: Int32) {
    let drain = number == SIGINT ? min(1, configuration.shutdown.drain.seconds) : configuration.shutdown.drain.seconds
    logger.info(
      "\(number == SIGINT ? "SIGINT" : "SIGTERM"): \(isStopping ? "ending now" : "draining for at most \(drain) s")")
    isStopping = true
    listeners.close()
    for worker in workers { worker.drain(seconds: drain) }
  }

  private func finish() {
    for worker in workers { worker.join() }
    discovery?.cancel()
    discovery = nil
    signals = []
    events.close()
    logger.info("ended")
  }

  /// Sidecars hold a descriptor for each client and a few upstreams; the soft limit is often far below the hard one.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

extension UpstreamTopology {
  /// Only nodes that were reached have an address, and only those can serve.
  init(_ update: DiscoveryUpdate) {
    func node(_ name: NodeAddress, isDirect: Bool) -> Node? {
      update.addresses[name].map { Node(name: name, address: $0, isDirect: isDirect) }
    }
    let server = update.server.map {
      ServerIdentity(version: $0.version, mode: $0.mode, databases: $0.databases)
    }
    self.init(
      primary: update.snapshot.primary.flatMap { node($0, isDirect: true) },
      primaryAbsence: update.snapshot.primaryAbsence,
      replicas: update.snapshot.replicas.filter { $0.fitness == .fit }.compactMap {
        node($0.node, isDirect: $0.isDirect)
      }, server: server ?? ServerIdentity())
  }
}

extension NodeAddress {
  init(_ endpoint: Endpoint) { self.init(host: endpoint.host, port: endpoint.port) }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
