import Admin
import Glibc
import Proxy
import Reactor
import Topology

/// Puts together how the ambassador is, for whoever asks: the control socket, metrics, the status page.
final class StatusDesk {
  /// How often the workers are asked when nobody else asks, in seconds, so that there is something to compare with.
  private static let pulse = 5.0

  /// A pause of writes that somebody has asked for.
  struct Paused {
    let since: Double
    let until: Double?
    let end: TimerSource?
  }

  let survey: WorkerSurvey
  unowned let ambassador: Ambassador
  var paused: Paused?
  /// Looks again whether what was under way when the pause began is finished.
  var retries: [Int: TimerSource] = [:]
  var nextRetry = 0
  private let startedAt: Double
  private let startTime = ProcessTimes.now
  private var sentinels: [NodeAddress: String?] = [:]
  private var observations: [NodeAddress: NodeObservation] = [:]
  private var lastPrimary: NodeAddress?
  private var history = StatusHistory()
  private var outages = OutageHistory()
  private var timer: TimerSource?

  init(of ambassador: Ambassador) {
    self.ambassador = ambassador
    let loop = ambassador.loop
    startedAt = loop.now
    survey = WorkerSurvey(on: loop, of: ambassador.workers)
    timer = TimerSource(on: loop, after: Self.pulse, repeating: Self.pulse) { [unowned self] in self.status { _ in } }
    status { _ in }
  }

  func close() {
    timer = nil
    retries = [:]
    paused = nil
    survey.close()
  }

  /// Nodes and Sentinels come to be known from another source from now on.
  func forgetSource() { (sentinels, observations, lastPrimary) = ([:], [:], nil) }

  /// A Sentinel is asked no more.
  func left(_ sentinel: NodeAddress) { sentinels[sentinel] = nil }

  /// Discovery has heard of a node.
  func observed(_ node: NodeAddress, _ observation: NodeObservation) { observations[node] = observation }

  /// A Sentinel has answered, or was lost for the reason given.
  func heard(_ sentinel: NodeAddress, lost why: String?) { sentinels[sentinel] = .some(why) }

  /// Another topology is followed.
  func followed(_ snapshot: TopologySnapshot) {
    outages.follow(snapshot, now: ambassador.loop.now, wallClock: EventLoop.wallClock)
    // Of a node that has left nothing is told any more.
    let known = Set(snapshot.replicas.map(\.node) + [snapshot.primary, lastPrimary].compactMap { $0 })
    observations = observations.filter { known.contains($0.key) }
  }

  /// A worker says what the loss of a primary was for its clients.
  func suffered(_ toll: OutageToll) { outages.add(toll, now: ambassador.loop.now) }

  /// How it is now.
  /// - Parameter then: called once on the control thread, within about a second even if a worker does not answer.
  func status(_ then: @escaping (StatusReport) -> Void) {
    survey.ask(.report(askedAt: ambassador.loop.now)) { [unowned self] workers in
      let now = self.ambassador.loop.now
      let earlier = self.history.earlier(at: now)
      self.history.record(workers, at: now)
      var report = StatusReport(
        process: self.process, topology: self.topology, nodes: self.nodes, workers: workers, earlier: earlier,
        pause: self.paused.map { PauseStatus(since: now - $0.since, endsIn: $0.until.map { max(0, $0 - now) }) })
      report.outages = self.outages
      then(report)
    }
  }

  private var process: ProcessStatus {
    var process = ProcessStatus()
    process.version = Release.version
    process.processID = Int(getpid())
    process.uptime = ambassador.loop.now - startedAt
    process.reloads = ReloadOutcome.words.map { ($0, ambassador.reloads[$0] ?? 0) }
    process.configuration = configuration
    process.startTime = startTime
    process.cpuTime = ProcessTimes.cpu
    process.residentMemory = Memory.resident
    process.listeners = zip(ambassador.listeners.addresses, ambassador.configuration.listen).map { address, listener in
      "\(address)\(listener.difference)"
    }
    process.refusedClients = ambassador.refusedClients
    process.isAccepting = ambassador.isAccepting
    process.isDraining = ambassador.isStopping
    return process
  }

  private var configuration: ConfigurationStatus {
    ConfigurationStatus(
      isCurrent: ambassador.lastRefusal.isEmpty && !ambassador.reloading.isUnderWay,
      lastReload: ambassador.lastReload.map { outcome, at in
        .init(outcome: outcome.word, reasons: outcome.reasons, ago: ambassador.loop.now - at)
      })
  }

  private var topology: TopologyStatus {
    var topology = TopologyStatus()
    switch ambassador.configuration.topology {
    case .static: topology.source = "static"
    case .sentinel: topology.source = "sentinel"
    case .dns: topology.source = "dns"
    }
    guard let snapshot = ambassador.lastSnapshot else {
      topology.primaryAbsence = "the nodes have not been looked at yet"
      return topology
    }
    topology.primary = snapshot.primary
    topology.primaryAbsence = snapshot.primaryAbsence
    topology.primaryProof = snapshot.primaryProof
    topology.epoch = snapshot.epoch
    topology.primaryChanges = max(0, Int(clamping: ambassador.reign) - 1)
    topology.sentinels = sentinels.sorted { $0.key.description < $1.key.description }.map {
      TopologyStatus.Sentinel(name: $0.key, lost: $0.value)
    }
    return topology
  }

  /// The primary, or the last one while there is none, then the replicas.
  private var nodes: [NodeStatus] {
    guard let snapshot = ambassador.lastSnapshot else { return [] }
    lastPrimary = snapshot.primary ?? lastPrimary
    var nodes: [NodeStatus] = []
    if let primary = lastPrimary, !snapshot.replicas.contains(where: { $0.node == primary }) {
      let isServing = snapshot.primary != nil
      nodes.append(
        NodeStatus(
          name: primary, role: .primary, isServing: isServing, health: isServing ? "ok" : unprovenHealth(of: primary)))
    }
    nodes += snapshot.replicas.map { replica in
      NodeStatus(
        name: replica.node, role: .replica, isServing: replica.fitness == .fit,
        health: replica.fitness == .fit ? "ok" : replica.fitness.rawValue,
        lagBytes: lag(of: replica.node, behind: snapshot.primary))
    }
    return nodes
  }

  private func unprovenHealth(of node: NodeAddress) -> String {
    if case .answered = observations[node] { "unproven" } else { "unreachable" }
  }

  /// As both have said last; they are asked within a heartbeat of each other, so this is a measure and no proof.
  private func lag(of replica: NodeAddress, behind primary: NodeAddress?) -> Int? {
    guard let primary, case .answered(let whole, _) = observations[primary],
      case .answered(let part, _) = observations[replica], whole.replicationID == part.replicationID
    else { return nil }
    return max(0, Int(clamping: whole.offset) - Int(clamping: part.offset))
  }
}
