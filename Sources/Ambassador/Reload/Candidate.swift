import Commands
import Configuration
import Discovery
import Topology

/// A configuration whose nodes are looked at, beside those in force, before it takes their place.
struct Candidate {
  let plan: ReloadPlan
  let secrets: Secrets
  /// By which its discovery is told from the one in force.
  let discoveryID: UInt64
  let discovery: any TopologySource
  var update: DiscoveryUpdate?
  var commands: [LiveCommand] = []
  /// When its primary was first proven.
  var provenAt: Double?

  /// Whether it may take the place of what is in force.
  /// - Parameter isServing: whether what is in force has a primary, or may find one: then this waits until it has one too.
  func isReady(now: Double, isServing: Bool, patience: Double) -> Bool {
    if let provenAt { return discovery.isComplete || now - provenAt >= patience }
    return !isServing && discovery.isComplete
  }
}

/// A reload that somebody waits for.
struct ReloadRequest {
  let since: Double
  let completion: (ReloadOutcome) -> Void
}
