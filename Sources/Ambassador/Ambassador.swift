import Admin
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

  /// What is in force.
  var configuration: AmbassadorConfiguration
  var secrets = Secrets()
  /// What it was made of; nothing when there is nothing to read again.
  let inputs: ConfigurationInputs?
  /// How many workers there are.
  let threads: Int
  let logSink: LogSink
  let logger: Logger
  let logNudges = Mailbox<LogNudge>()
  var untold: TimerSource?
  let serviceManager = ServiceManager()
  /// How many reloads have ended how.
  var reloads: [String: Int] = [:]
  /// What came of the last one, and when by the loop's clock.
  var lastReload: (outcome: ReloadOutcome, at: Double)?
  let loop: EventLoop
  let listeners: Listeners
  var narrator: Narrator
  var workers: [WorkerThread] = []
  var workersLeft = 0
  let events = Mailbox<WorkerEvent>()
  private let ledger: SharedLedger
  var discovery: (any TopologySource)?
  /// By which it is told from a candidate's.
  var discoveryID: UInt64 = 0
  var discoveriesMade: UInt64 = 0
  /// How the clients of each listener are served.
  var rules: [ListenerRules] = []
  var reloading = Reloading()
  /// Notices that what was read is different now.
  var fileWatch: FileWatch?
  /// How often another configuration has come into force.
  var generation: UInt64 = 0
  /// How often the nodes have come to be known from another source because of that.
  var source: UInt64 = 0
  /// What the source of topology has last said of such by itself.
  var handovers = 0
  /// What was said last, so that it is said once.
  var lastRefusal: [String] = []
  var lastRestarts: [ReloadPlan.Change] = []
  var signals: [SignalSource] = []
  private var firstVerdict: TimerSource?
  private(set) var isAccepting = false
  var isStopping = false
  /// SIGTERM has come, and the time in which it serves on runs.
  var lingering: TimerSource?
  private var nextClientID: UInt64 = 0
  private var resources = Resources()
  /// How many clients were told that there are too many.
  var refusedClients = 0
  /// What the workers use; merged on, so that a command's number stays the same.
  var table = CommandTable.builtin
  var lastTopology: UpstreamTopology?
  var lastPrimary: UpstreamTopology.Node?
  var reign: UInt64 = 0
  var lastSnapshot: TopologySnapshot?
  /// How everything is; from the start of the workers on.
  var desk: StatusDesk?
  /// The control socket; nothing when there is to be none, or none could be had.
  var control: ControlServer?
  /// Probes, metrics and the status page; nothing when there are to be none, or none could be had.
  var http: HTTPServer?
  var pages: AdminPages?
  /// Since when there has been no primary, by the loop's clock; nothing while there is one.
  var absentSince: Double?
  private var onReady: ((Ready) -> Void)?

  private init(_ configuration: AmbassadorConfiguration, _ inputs: ConfigurationInputs?) throws(StartFailure) {
    guard let loop = EventLoop() else {
      throw StartFailure(description: "the kernel gives no epoll descriptor: \(String(cString: strerror(errno)))")
    }
    self.configuration = configuration
    self.inputs = inputs
    self.loop = loop
    threads = configuration.threads.count(quota: configuration.threads == .auto ? Cgroup().cpuQuota : nil)
    ledger = SharedLedger(writers: threads)
    logSink = LogSink(configuration.log)
    logger = Logger(logSink)
    narrator = Narrator(logger: logger)
    let logger = logger
    listeners = Listeners(on: loop) { logger.warning("no client can be accepted for the moment: \($0)") }
  }

  /// Lets what others ask of the process by signals wait from now on until it can be done, rather than end it or, as the
  /// first process of a container, be lost: to be called before the configuration is read, by the thread that will run the
  /// ambassador. SIGINT is not held: a person who gives up waiting for a start means it.
  public static func holdSignals() { SignalSource.hold([SIGHUP, SIGTERM]) }

  /// Runs until a signal ends it.
  /// - Parameters:
  ///   - inputs: what the configuration was made of, and is made of again when it is reloaded.
  ///   - onReady: called once when the addresses are bound and the topology was looked at, on this thread.
  public static func run(
    _ configuration: AmbassadorConfiguration, from inputs: ConfigurationInputs? = nil, onReady: ((Ready) -> Void)? = nil
  ) throws(StartFailure) {
    Memory.giveBackEagerly()
    signal(SIGPIPE, SIG_IGN)
    let ambassador = try Ambassador(configuration, inputs)
    ambassador.onReady = onReady
    try ambassador.start()
    ambassador.loop.run()
    ambassador.finish()
  }

  private func start() throws(StartFailure) {
    rules = configuration.listen.map { ListenerRules(of: $0, in: configuration.reads) }
    do throws(Listeners.Failure) { try listeners.open(configuration.listen.map(\.address)) } catch {
      throw StartFailure(description: error.description)
    }
    do throws(Secrets.Failure) { secrets = try Secrets(of: configuration) } catch {
      throw StartFailure(description: error.description)
    }
    resources = Resources.ofThisProcess()
    for warning in resources.warnings(configuration, threads: threads) { logger.warning("\(warning)") }
    watchLog()
    try startWorkers(WorkerSettings(configuration, secrets, threads: threads))
    desk = StatusDesk(of: self)
    try openControlSocket()
    try openHTTP()
    signals = [SIGTERM, SIGINT].map { number in
      SignalSource(on: loop, signal: number) { [unowned self] in self.stop(becauseOf: number) }
    }
    signals.append(
      SignalSource(on: loop, signal: SIGHUP) { [unowned self] in
        // Where there is nothing to read again, it is the terminal that has gone.
        self.inputs == nil ? self.stop(becauseOf: SIGHUP) : self.reload(because: "SIGHUP")
      })
    startDiscovery()
    watchFiles(of: configuration)
    catchUp()
    for (address, listener) in zip(listeners.addresses, configuration.listen) {
      logger.info("listening on \(address)\(listener.difference)")
    }
    // Clients are accepted when the topology is known, or known to be unknown: until then they wait in the queue
    // instead of being told that there is no primary.
    let patience = configuration.upstream.connectTimeout.seconds
    firstVerdict = TimerSource(on: loop, after: patience) { [unowned self] in self.accept() }
  }

  private func startWorkers(_ settings: WorkerSettings) throws(StartFailure) {
    events.open(on: loop) { [unowned self] event in self.happened(event) }
    let events = events
    for index in 0..<threads {
      let worker = WorkerThread(index: index, settings: settings, table: .builtin, ledger: ledger) {
        events.send($0)
      }
      guard let worker else { throw StartFailure(description: "the system gives no thread for worker \(index)") }
      workers.append(worker)
    }
    workersLeft = workers.count
  }

  /// Starts to take connections. Later calls do nothing.
  func accept() {
    guard !isAccepting else { return }
    isAccepting = true
    firstVerdict = nil
    listeners.accept { [unowned self] fd, listener in
      guard fd < self.resources.clientDescriptors ?? .max else { return self.refuse(fd) }
      self.nextClientID += 1
      let worker = self.workers[Int(self.nextClientID % UInt64(self.workers.count))]
      worker.adopt(fd, id: self.nextClientID, rules: self.rules[listener], listener: listener)
    }
    let addresses = listeners.addresses.map(\.description).joined(separator: ", ")
    serviceManager.ready("serving on \(addresses)")
    onReady?(Ready(addresses: listeners.addresses))
    onReady = nil
  }

  /// As redis-server does it at its `maxclients`: the surplus is told, and those that are there go on.
  private func refuse(_ fd: Int32) {
    let error = Array("-ERR max number of clients reached\r\n".utf8)
    // A new connection has room for this; one that is gone already needs nothing.
    error.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { _ = Gate.send(fd, base, count: bytes.count) }
    }
    Gate.close(fd)
    refusedClients += 1
    logger.warning(
      "a client was refused: \(fd) files are open, and the limit is \(resources.descriptors ?? 0) (ulimit -n)")
  }
}
