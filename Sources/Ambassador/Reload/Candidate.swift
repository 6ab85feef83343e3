import Commands
import Configuration
import Discovery
import Proxy
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
  /// - Parameters:
  ///   - isServing: whether what is in force has had a primary, or may find its first one: then this waits until it has
  ///     one too. One that is away for a moment comes back, or another takes its place.
  ///   - primary: the one in force when the nodes are the same as before: the one that this must have found, too, because
  ///     what was looked at for longer knows better who was deposed.
  func isReady(now: Double, isServing: Bool, primary: UpstreamTopology.Node?, patience: Double) -> Bool {
    guard let provenAt else { return !isServing && discovery.isComplete }
    if let primary, !names(primary) { return false }
    return discovery.isComplete || now - provenAt >= patience
  }

  /// Sources may call one node by its name and by its address.
  private func names(_ node: UpstreamTopology.Node) -> Bool {
    guard let update, let name = update.snapshot.primary else { return false }
    return name == node.name || update.addresses[name] == node.address
  }
}

extension AmbassadorConfiguration.Topology {
  /// Whether the nodes come to be known from the same source, be it with other credentials: then a primary that changes has
  /// failed over, and was not given up.
  func isSameSource(as other: Self) -> Bool {
    switch (self, other) {
    case (.static(let nodes), .static(let others)): nodes == others
    case (.sentinel(let one), .sentinel(let other)):
      one.masterName == other.masterName && one.addresses.contains { other.addresses.contains($0) }
    case (.dns(let one), .dns(let other)): one.names.contains { other.names.contains($0) }
    case (.static, _), (.sentinel, _), (.dns, _): false
    }
  }
}

/// A reload that somebody waits for.
struct ReloadRequest {
  let since: Double
  /// Called with what is about to be done, when that is known.
  let planned: (ReloadPlan) -> Void
  let completion: (ReloadOutcome) -> Void
}
