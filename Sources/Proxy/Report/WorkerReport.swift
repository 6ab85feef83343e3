import Topology

/// What a worker says of itself when it is asked: a value, the same for `STATUS`, `top`, metrics and the status page.
/// Everything that counts counts from the worker's start.
public struct WorkerReport: Sendable {
  /// The worker's number, from 0.
  public var index = 0
  /// Seconds from the question to the answer: how long an event waits for this loop at the moment.
  public var lag = 0.0
  public var clients = 0
  /// Connections that clients have opened.
  public var accepted = 0
  /// Upstream connections, shared and own, and how many of these are lent to a client at the moment.
  public var lanes = 0
  public var lent = 0
  /// Clients that wait for a primary, the bytes of what they ask, and for how many seconds there has been none; nothing
  /// while nobody has missed it.
  public var holding = 0
  public var heldBytes = 0
  public var absentFor: Double?
  /// Bytes of large requests that are kept at the moment, arriving or unanswered.
  public var largeBytes = 0
  /// Bytes of replies that wait for clients to read them.
  public var outputBytes = 0
  public var counters = WorkerCounters()
  /// How long the loop's turns take, from waking to sleeping: one of sixteen is measured.
  public var turns = LatencyHistogram()
  /// Requests that were slow enough for the log of them.
  public var slowRequests = 0
  /// Clients that have an upstream of their own: in transactions, blocked, subscribed.
  public var sessions = 0
  /// Every node that this worker has met, whether it serves now or not.
  public var nodes: [NodeReport] = []

  public init() {}
}

/// A node as one worker sees it.
public struct NodeReport: Sendable {
  public var name: NodeAddress
  public var isPrimary: Bool
  public var isFitReplica: Bool
  /// Connections to it that are ready, and those that are being made.
  public var readyLanes = 0
  public var openingLanes = 0
  /// Requests in flight to it.
  public var outstanding: Int
  /// Of these, those of clients that have an upstream of their own.
  public var outstandingInSessions = 0
  public var traffic = NodeTraffic()
  /// It is not tried or not read at the moment, because it failed.
  public var isShunned: Bool
  /// It owes replies and is silent.
  public var isSilent = false
  /// Why the last connection to it was lost; empty for never.
  public var lastFailure: String

  public init(
    name: NodeAddress, isPrimary: Bool = false, isFitReplica: Bool = false, outstanding: Int = 0,
    isShunned: Bool = false, lastFailure: String = ""
  ) {
    self.name = name
    self.isPrimary = isPrimary
    self.isFitReplica = isFitReplica
    self.outstanding = outstanding
    self.isShunned = isShunned
    self.lastFailure = lastFailure
  }
}

extension WorkerQuestion where Answer == WorkerReport {
  /// How it is.
  /// - Parameter now: when it is asked, by the loop's clock.
  public static func report(askedAt now: Double) -> Self {
    WorkerQuestion { worker in worker.report(askedAt: now) }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  func report(askedAt asked: Double) -> WorkerReport {
    let now = pointee.loop.now
    var report = WorkerReport()
    report.index = pointee.index
    report.lag = Swift.max(0, now - asked)
    report.clients = pointee.clientCount
    report.accepted = pointee.accepted
    report.lanes = pointee.lanes.count
    report.lent = pointee.lent
    report.holding = pointee.holding.count
    report.heldBytes = pointee.heldBytes
    report.largeBytes = pointee.largeBytes
    report.absentFor = pointee.absentSince.map { now - $0 }
    report.outputBytes = pointee.outputBytes
    report.counters = pointee.counters
    report.turns = pointee.turns
    report.slowRequests = pointee.slowLog.count
    report.nodes = pointee.nodes.map { node in
      var report = NodeReport(
        name: node.pointee.name, isPrimary: node.pointee.isPrimary, isFitReplica: node.pointee.isFitReplica,
        outstanding: node.pointee.outstanding,
        isShunned: node.pointee.shunnedUntil > now || !node.pointee.mayConnect(now: now),
        lastFailure: node.pointee.lastFailure)
      report.traffic = node.pointee.traffic
      return report
    }
    for lane in pointee.lanes {
      guard let index = pointee.nodes.firstIndex(of: lane.pointee.node) else { continue }
      if lane.pointee.state == .ready {
        report.nodes[index].readyLanes += 1
      } else {
        report.nodes[index].openingLanes += 1
      }
      if lane.pointee.isSuspect { report.nodes[index].isSilent = true }
      if let session = lane.pointee.session {
        report.sessions += 1
        report.nodes[index].outstandingInSessions += session.inFlight
      }
    }
    return report
  }
}
