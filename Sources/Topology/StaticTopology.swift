/// Turns what nodes say of themselves into a topology when the configuration names the primary.
///
/// A value without clock or socket: observations go in, ``snapshot`` and ``watched`` come out.
/// The primary is believed only when it is the configured one *and* says `role:master`.
/// Replicas are those configured, or else those that the primary has named and that still follow it.
public struct StaticTopology: Sendable {
  private let configuredPrimary: NodeAddress
  private let configuredReplicas: [NodeAddress]
  private var learnedReplicas: [NodeAddress] = []
  private var observations: [NodeAddress: NodeObservation] = [:]
  /// Where each replica was in its history when it was last in step. Only while it still is there may it be read from
  /// without a primary: one that was restarted meanwhile holds an old file's data, or none.
  private var lastInStep: [NodeAddress: HistoryPoint] = [:]

  private struct HistoryPoint {
    var replicationID: String
    var offset: Int64
  }
  /// The history that the primary writes, as it last said; empty before that.
  private var history = ""

  public init(primary: NodeAddress, replicas: [NodeAddress]) {
    configuredPrimary = primary
    configuredReplicas = replicas.reduce(into: []) { kept, replica in
      if replica != primary && !kept.contains(replica) { kept.append(replica) }
    }
  }

  /// The nodes to keep an eye on, the primary first.
  public var watched: [NodeAddress] { [configuredPrimary] + replicaAddresses }

  /// Whether every watched node has said something or failed to.
  public var isComplete: Bool { watched.allSatisfy { observations[$0] != nil } }

  public mutating func observe(_ node: NodeAddress, _ observation: NodeObservation) {
    guard watched.contains(node) else { return }
    observations[node] = observation
    if node == configuredPrimary {
      if case .answered(let info, _) = observation, info.role == .primary { history = info.replicationID }
      learnReplicas()
    }
    if case .answered(let info, isLoading: false) = observation, info.role == .replica, info.isLinked, !info.isSyncing {
      lastInStep[node] = HistoryPoint(replicationID: info.replicationID, offset: info.offset)
    }
  }

  public var snapshot: TopologySnapshot {
    let (primary, absence) = provenPrimary
    return TopologySnapshot(
      primary: primary, primaryAbsence: absence,
      replicas: replicaAddresses.map { .init(node: $0, fitness: fitness(of: $0)) })
  }

  private var replicaAddresses: [NodeAddress] { configuredReplicas.isEmpty ? learnedReplicas : configuredReplicas }

  private var provenPrimary: (NodeAddress?, absence: String) {
    switch observations[configuredPrimary] {
    case nil: (nil, "the primary \(configuredPrimary) has not answered yet")
    case .lost(let why): (nil, "no connection to the primary \(configuredPrimary): \(why)")
    case .answered(let info, _) where info.role == .replica:
      (
        nil,
        "\(configuredPrimary) is configured as the primary but says that it is a replica"
          + (info.primary.map { " of \($0)" } ?? "")
      )
    case .answered: (configuredPrimary, "")
    }
  }

  /// A replica that left the primary's list is forgotten only when it does not follow any more itself: a list is a
  /// second old, and a replica that restarts comes back to it.
  private mutating func learnReplicas() {
    guard configuredReplicas.isEmpty, case .answered(let info, _) = observations[configuredPrimary],
      info.role == .primary
    else { return }
    // A primary behind a translated address may name itself; it is not its own replica.
    let named = info.replicas.map(\.address).filter { $0 != configuredPrimary }
    for address in named where !learnedReplicas.contains(address) { learnedReplicas.append(address) }
    for address in learnedReplicas where !named.contains(address) {
      if case .answered(let own, _) = observations[address], own.role == .replica, own.isLinked, isOurs(own) {
        continue
      }
      learnedReplicas.removeAll { $0 == address }
      observations[address] = nil
      lastInStep[address] = nil
    }
  }

  /// Whether a replica's data are the primary's. One that was pointed at another primary is linked and well, and has that
  /// one's data. While the primary is away, another may have been promoted in its place and carry its history on.
  /// Servers that name no history are believed.
  private func isOurs(_ info: ReplicationInfo) -> Bool {
    if history.isEmpty || info.replicationID.isEmpty || info.replicationID == history { return true }
    return provenPrimary.0 == nil && info.previousReplicationID == history
  }

  private func fitness(of replica: NodeAddress) -> ReplicaFitness {
    guard case .answered(let info, let isLoading) = observations[replica] else { return .unreachable }
    if info.role != .replica { return .notReplica }
    if isLoading { return .loading }
    if info.isSyncing { return .syncing }
    if info.isLinked { return isOurs(info) ? .fit : .otherHistory }
    // Without a primary every link is down; what they hold is the best there is, if they still hold it.
    return provenPrimary.0 == nil && hasKept(info, replica) && isOurs(info) ? .fit : .linkDown
  }

  private func hasKept(_ info: ReplicationInfo, _ replica: NodeAddress) -> Bool {
    guard let point = lastInStep[replica] else { return false }
    return info.replicationID == point.replicationID && info.offset >= point.offset
  }
}
