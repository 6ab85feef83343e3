import Proxy
import Topology

/// What came of a reload.
public enum ReloadOutcome: Sendable, Equatable {
  /// Nothing has changed, for these reasons.
  case refused([String])
  /// What a reload would do; it was only asked for that.
  case planned(ReloadPlan)
  /// There was nothing to change, but perhaps what needs a restart.
  case unchanged(ReloadPlan)
  /// It is in force.
  case done(ReloadReport)
  /// It is not in force, for this reason, and will be as soon as that is over; what was in force goes on until then.
  case waiting(ReloadPlan, why: String)
  /// Another reload has come in its place before it was in force.
  case superseded(ReloadPlan)
  /// The process ends before it could come into force.
  case abandoned
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

  /// A line for each thing worth saying: the plan, and what came of it.
  public var lines: [String] { plan.lines.filter { !$0.hasPrefix("nodes ") } + results }

  /// What came of it.
  public var results: [String] { ["in force after \(milliseconds) ms"] + changes }

  /// The same without the time.
  var changes: [String] {
    var lines: [String] = []
    if !nodesAdded.isEmpty { lines.append("nodes added: \(nodesAdded.words)") }
    if !nodesRemoved.isEmpty { lines.append("nodes removed: \(nodesRemoved.words)") }
    let (kept, opened, draining) = (upstreams.kept, upstreams.opened, upstreams.draining)
    return lines + ["upstream connections: \(kept) kept, \(opened) opened, \(draining) draining"]
  }
}
