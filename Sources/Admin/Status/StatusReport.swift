import Proxy
import Topology

/// How the ambassador is, at one moment: a plain value that text, JSON, RESP, metrics and the status page are readings of.
public struct StatusReport: Sendable {
  public var process: ProcessStatus
  public var topology: TopologyStatus
  public var nodes: [NodeStatus]
  public var totals: Totals
  /// Each worker's own report, in its place; nothing for one that did not answer in time.
  public var workers: [WorkerReport?]
  /// Over how many seconds rates and recent latencies were taken; 0 when there is nothing earlier to compare with.
  public var window: Double
  /// Writes are held because somebody has asked for it; nothing when not.
  public var pause: PauseStatus?
  public var outages = OutageHistory()

  /// Puts together what the control thread knows and what the workers say.
  /// - Parameter earlier: what they said some seconds before, for rates.
  public init(
    process: ProcessStatus, topology: TopologyStatus, nodes known: [NodeStatus], workers: [WorkerReport?],
    earlier: EarlierReports?, pause: PauseStatus?
  ) {
    self.process = process
    self.topology = topology
    self.workers = workers
    self.pause = pause
    let window = earlier?.age ?? 0
    self.window = window
    let answered = workers.compactMap { $0 }
    totals = Totals(of: answered)
    let before = Totals(of: earlier?.workers.compactMap { $0 } ?? [])
    if window > 0, earlier?.workers.count == workers.count, earlier?.workers.allSatisfy({ $0 != nil }) == true {
      totals.rate = Double(max(0, totals.requests - before.requests)) / window
    }
    nodes = known.map { node in
      var node = node
      for report in answered.flatMap(\.nodes) where report.name == node.name { node.add(report) }
      guard window > 0 else { return node }
      var past = NodeTraffic()
      for report in earlier?.workers.compactMap({ $0 }).flatMap(\.nodes) ?? [] where report.name == node.name {
        past.add(report.traffic)
      }
      node.recent = node.traffic.since(past)
      for kind in RequestClass.allCases { node.rate[kind] = Double(node.recent.requests[kind]) / window }
      return node
    }
  }
}

/// The process and its configuration.
public struct ProcessStatus: Sendable {
  public var version = ""
  public var processID = 0
  /// Seconds since it started.
  public var uptime = 0.0
  /// When it started, in seconds since 1970.
  public var startTime = 0.0
  /// Seconds of CPU, user and system.
  public var cpuTime = 0.0
  /// How many reloads have ended how, each in one word.
  public var reloads: [(outcome: String, count: Int)] = []
  public var configuration = ConfigurationStatus()
  /// Bytes in RAM; 0 where the system does not tell.
  public var residentMemory = 0
  /// As the log writes them: the address, and what is different there.
  public var listeners: [String] = []
  /// Clients that were told that there are too many.
  public var refusedClients = 0
  /// Clients are accepted; before that they wait for the first look at the nodes.
  public var isAccepting = false
  /// It ends when its clients have finished.
  public var isDraining = false

  public init() {}
}

/// Who is the primary, and who says so.
public struct TopologyStatus: Sendable {
  /// `static`, `sentinel` or `dns`.
  public var source = ""
  public var primary: NodeAddress?
  /// Why there is none.
  public var primaryAbsence = ""
  /// On what ground it is believed, where that needs saying.
  public var primaryProof = ""
  /// Sentinel's config epoch; 0 without Sentinel.
  public var epoch: UInt64 = 0
  /// How often another node than before became the primary.
  public var primaryChanges = 0
  public var sentinels: [Sentinel] = []

  public struct Sentinel: Sendable {
    public var name: NodeAddress
    /// Why it does not answer; nothing when it does.
    public var lost: String?

    public init(name: NodeAddress, lost: String?) {
      self.name = name
      self.lost = lost
    }
  }

  public init() {}
}

/// A pause that somebody has asked for.
public struct PauseStatus: Sendable, Equatable {
  /// Seconds since it began, and until it ends by itself; nothing when only `RESUME` ends it.
  public var since: Double
  public var endsIn: Double?

  public init(since: Double, endsIn: Double?) {
    self.since = since
    self.endsIn = endsIn
  }
}

/// What the workers said at an earlier time.
public struct EarlierReports: Sendable {
  /// Seconds ago.
  public var age: Double
  public var workers: [WorkerReport?]

  public init(age: Double, workers: [WorkerReport?]) {
    self.age = age
    self.workers = workers
  }
}
