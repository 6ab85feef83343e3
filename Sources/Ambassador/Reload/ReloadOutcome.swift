import Proxy
import Topology

/// What came of a reload.
public enum ReloadOutcome: Sendable, Equatable {
  /// Nothing has changed, for these reasons.
  case refused([String])
  /// What a reload would do; it was only asked for that.
  case planned(ReloadPlan)
  /// It is in force.
  case done(ReloadReport)
  /// It is not in force, for this reason, and will be as soon as that is over; what was in force goes on until then.
  case waiting(ReloadPlan, why: String)
  /// Another reload has come in its place before it was in force.
  case superseded(ReloadPlan)
}

/// What has changed, and what becomes of what was there.
public struct ReloadReport: Sendable, Equatable {
  public let plan: ReloadPlan
  public let nodesAdded: [NodeAddress]
  public let nodesRemoved: [NodeAddress]
  /// The upstream connections of all workers together.
  public let upstreams: UpstreamCounts
  /// From the request until it was in force.
  public let milliseconds: Int

  /// A line for each thing worth saying.
  public var lines: [String] {
    var lines = plan.lines
    lines.removeAll { $0.hasPrefix("nodes ") }
    if !nodesAdded.isEmpty { lines.append("nodes added: \(nodesAdded.words)") }
    if !nodesRemoved.isEmpty { lines.append("nodes removed: \(nodesRemoved.words)") }
    lines.append(
      "upstream connections: \(upstreams.kept) kept, \(upstreams.opened) opened, \(upstreams.draining) draining")
    return lines
  }
}
