import Commands
import Reactor
import Topology

/// How nodes are asked.
public struct MonitorSettings: Sendable {
  /// Seconds between two heartbeats to a node that is well.
  public var heartbeat = 1.0
  /// Seconds between two looks at a node that is on its way back (loading, copying, link down).
  public var convalescence = 0.25
  /// Setting `upstream.timeout`, in seconds.
  public var timeout = 1.0
  /// Setting `upstream.connect-timeout`, in seconds.
  public var connectTimeout = 1.0
  /// Pause before the second attempt to reach a lost node, doubled up to the last, each with jitter.
  public var firstBackoff = 0.1
  public var lastBackoff = 1.0
  /// Empty for Redis's default user.
  public var username: [UInt8] = []
  /// Nothing when nodes want none.
  public var password: [UInt8]?

  public init() {}
}

/// What a server says of itself, once a connection.
public struct ServerDescription: Equatable, Sendable {
  public var version: String
  public var mode: String
  public var runID: String
  public var databases: Int
  /// None as well where the user may not ask for them.
  public var modules: [LoadedModule] = []
}

/// Keeps an eye on one node, for as long as it lives: heartbeats with a deadline, new attempts with backoff and jitter.
final class NodeMonitor {
  enum Event {
    /// With the times at which the node was asked and at which that was known.
    case observed(NodeObservation, during: ClosedRange<Double>)
    case described(ServerDescription)
    case commands([LiveCommand])
    case resolved(SocketAddress)
  }

  private let node: NodeAddress
  private let loop: EventLoop
  private let settings: MonitorSettings
  private let resolver: NameResolver
  /// Whether this node's list of commands is wanted, once a connection.
  var wantsCommands: Bool
  private var hasCommands = false
  /// In place of the usual pauses, while something is going on: seconds between two looks.
  private var haste: Double?
  /// The node was asked and answered, and is to be asked again later.
  private var isResting = false
  /// It is to be asked again as soon as it has answered what it was asked before.
  private var isWantedAgain = false
  private let report: (Event) -> Void
  private var connection: NodeConnection?
  private var timer: TimerSource?
  private var failures = 0
  private var candidates: [SocketAddress] = []
  private var isCancelled = false

  init(
    _ node: NodeAddress, on loop: EventLoop, settings: MonitorSettings, resolver: NameResolver, wantsCommands: Bool,
    report: @escaping (Event) -> Void
  ) {
    self.node = node
    self.loop = loop
    self.settings = settings
    self.resolver = resolver
    self.wantsCommands = wantsCommands
    self.report = report
  }

  func start() { attempt() }

  func cancel() {
    isCancelled = true
    connection?.cancel()
    connection = nil
    timer = nil
  }

  /// Looks at the node this often from now on, or as usual again.
  func hurry(_ interval: Double?) {
    guard haste != interval else { return }
    haste = interval
    if interval != nil, isResting { wait(0) { $0.beat() } }
  }

  /// Looks at the node now rather than at the next heartbeat.
  func look() {
    if isResting { wait(0) { $0.beat() } } else { isWantedAgain = true }
  }

  /// Asks on another connection from now on, which may lead to another server.
  func renew() {
    guard isResting, connection != nil else { return }
    connection?.cancel()
    connection = nil
    (isResting, isWantedAgain, hasCommands) = (false, false, false)
    wait(0) { $0.attempt() }
  }

  private func attempt() {
    var isLookedUp = false
    resolver.resolve(node.host, port: node.port) { [weak self] result in
      guard let self, !self.isCancelled else { return }
      isLookedUp = true
      self.timer = nil
      switch result {
      case .failure(let error): self.lost("its name cannot be resolved: \(error.why)")
      // A name with several addresses: each attempt tries the next.
      case .success(let addresses): self.connect(to: addresses[self.failures % addresses.count])
      }
    }
    guard !isLookedUp else { return }
    // A name server may let the question hang for long. Nobody is to wait for that, and it is not asked twice meanwhile.
    let seconds = settings.connectTimeout
    wait(seconds) { monitor in
      let now = monitor.loop.now
      monitor.report(
        .observed(.lost("no answer from the name server within \(Int(seconds * 1000)) ms"), during: now...now))
    }
  }

  private func connect(to address: SocketAddress) {
    do throws(SystemError) {
      connection = try NodeConnection(
        on: loop, to: address, connectTimeout: settings.connectTimeout,
        onConnect: { [weak self] in
          self?.report(.resolved(address))
          self?.introduce()
        },
        onEnd: { [weak self] why in self?.lost(why) })
    } catch {
      lost(error.description)
    }
  }

  private func lost(_ why: String) {
    guard !isCancelled else { return }
    connection?.cancel()
    connection = nil
    isResting = false
    isWantedAgain = false
    hasCommands = false
    let now = loop.now
    report(.observed(.lost(why), during: now...now))
    // A replica that is promoted drops its connections and takes new ones at once.
    let (first, last) = haste == nil ? (settings.firstBackoff, settings.lastBackoff) : (0.02, 0.25)
    let pause = ConnectionAttempt.pause(after: failures, first: first, last: last)
    failures += 1
    wait(pause) { $0.attempt() }
  }

  /// The first questions on a connection.
  private func introduce() {
    var commands: [[String]] = [["INFO", "server"], ["CONFIG", "GET", "databases"], ["MODULE", "LIST"]]
    let asksCommands = wantsCommands && haste == nil
    if asksCommands { commands.append(["COMMAND"]) }
    var raw = commands.map { $0.map { Array($0.utf8) } }
    let isAuthenticating = settings.password != nil
    if let password = settings.password {
      raw.insert(ConnectionAttempt.authentication(username: settings.username, password: password), at: 0)
    }
    connection?.ask(raw, within: settings.timeout + settings.connectTimeout) { [weak self] replies in
      guard let self else { return }
      var replies = replies
      if isAuthenticating, case .error(let why) = replies.removeFirst() {
        return self.lost("it refused the credentials: \(why)")
      }
      self.describe(replies)
      if asksCommands, let last = replies.last { self.tellCommands(last) }
      self.beat()
    }
  }

  private func describe(_ replies: [RedisReply]) {
    if let text = replies[0].text {
      let fields = InfoText(text)
      report(
        .described(
          ServerDescription(
            version: String(fields["redis_version"] ?? ""), mode: String(fields["redis_mode"] ?? "standalone"),
            runID: String(fields["run_id"] ?? ""),
            databases: replies[1].array?.last?.text.flatMap { Int($0) } ?? 16,
            modules: (replies[2].array ?? []).compactMap(LoadedModule.init(reply:)))))
    }
  }

  private func tellCommands(_ reply: RedisReply) {
    hasCommands = true
    let commands = (reply.array ?? []).compactMap(LiveCommand.init(reply:))
    if !commands.isEmpty { report(.commands(commands)) }
  }

  private func beat() {
    isResting = false
    isWantedAgain = false
    // The list is long: not while every millisecond counts.
    let asksCommands = wantsCommands && !hasCommands && haste == nil
    let commands = ([["INFO", "replication"], ["PING"]] + (asksCommands ? [["COMMAND"]] : [])).map {
      $0.map { Array($0.utf8) }
    }
    let asked = loop.now
    connection?.ask(commands, within: settings.timeout) { [weak self] replies in
      guard let self else { return }
      guard let text = replies[0].text else {
        if case .error(let why) = replies[0] { return self.lost("it refused INFO: \(why)") }
        return self.lost("its answer to INFO is no text")
      }
      guard let info = ReplicationInfo(text: text) else { return self.lost("its INFO names no role that is known") }
      var isLoading = false
      if case .error(let why) = replies[1] { isLoading = why.hasPrefix("LOADING") }
      self.failures = 0
      self.report(.observed(.answered(info, isLoading: isLoading), during: asked...max(asked, self.loop.now)))
      let isWell = !isLoading && info.isLinked && !info.isSyncing
      if asksCommands { self.tellCommands(replies[2]) }
      guard self.connection != nil else { return }
      self.isResting = true
      if self.isWantedAgain { return self.wait(0) { $0.beat() } }
      self.wait(self.haste ?? (isWell ? self.settings.heartbeat : self.settings.convalescence)) { $0.beat() }
    }
  }

  private func wait(_ seconds: Double, then act: @escaping (NodeMonitor) -> Void) {
    guard !isCancelled else { return }
    timer = TimerSource(on: loop, after: seconds) { [weak self] in
      if let self { act(self) }
    }
  }
}

extension LoadedModule {
  /// Reads one of `MODULE LIST`: names of fields, each with its value.
  init?(reply: RedisReply) {
    guard let items = reply.array else { return nil }
    var fields: [String: RedisReply] = [:]
    for index in stride(from: 0, to: items.count - 1, by: 2) {
      if let key = items[index].text { fields[key] = items[index + 1] }
    }
    guard let name = fields["name"]?.text, let version = fields["ver"]?.integer else { return nil }
    self.init(name: name, version: version)
    if let path = fields["path"]?.text {
      origin = Origin(path: path, arguments: (fields["args"]?.array ?? []).compactMap(\.text))
    }
  }
}

extension LiveCommand {
  /// Reads one row of `COMMAND`: name, arity, flags, first key, last key, step, ACL categories, tips, key
  /// specifications, subcommands (the last three since 7.0).
  init?(reply: RedisReply) {
    guard let row = reply.array, row.count >= 6, let name = row[0].text, let arity = row[1].integer,
      let flags = row[2].array, let first = row[3].integer, let last = row[4].integer, let step = row[5].integer
    else { return nil }
    let subcommands = row.count > 9 ? row[9].array?.compactMap { LiveCommand(reply: $0) } : nil
    self.init(
      name: name, arity: arity, flags: flags.compactMap(\.text), firstKey: first, lastKey: last, keyStep: step,
      subcommands: subcommands ?? [])
  }
}
