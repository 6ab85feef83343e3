import Proxy
import Topology

/// A node: what discovery knows of it and what all workers together see of it.
public struct NodeStatus: Sendable {
  public enum Role: String, Sendable { case primary, replica }

  public var name: NodeAddress
  public var role: Role
  /// Whether requests may go to it now.
  public var isServing: Bool
  /// A word: `ok`, or why it is not read from or written to.
  public var health: String
  /// Bytes of replication that it is behind the primary, by what both have said last; nothing where that is not known.
  public var lagBytes: Int?
  /// Connections to it that are ready, all workers together.
  public var readyLanes = 0
  /// Requests in flight.
  public var outstanding = 0
  /// Since the start.
  public var traffic = NodeTraffic()
  /// Of the last few seconds.
  public var recent = NodeTraffic()
  /// Requests a second, in the last few seconds.
  public var rate = PerClass(0.0)
  /// It owes replies to some worker and is silent.
  public var isSilent = false
  /// Why a connection to it was lost last; empty for never.
  public var lastFailure = ""

  public init(name: NodeAddress, role: Role, isServing: Bool, health: String, lagBytes: Int? = nil) {
    self.name = name
    self.role = role
    self.isServing = isServing
    self.health = health
    self.lagBytes = lagBytes
  }

  mutating func add(_ report: NodeReport) {
    readyLanes += report.readyLanes
    outstanding += report.outstanding
    traffic.add(report.traffic)
    isSilent = isSilent || report.isSilent
    if lastFailure.isEmpty { lastFailure = report.lastFailure }
  }

  /// All classes of requests together.
  public var totalRate: Double { RequestClass.allCases.reduce(0) { $0 + rate[$1] } }

  /// How long requests took lately, all classes together.
  public var recentLatency: LatencyHistogram {
    RequestClass.allCases.reduce(into: LatencyHistogram()) { $0.add(recent.latency[$1]) }
  }
}
