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
  /// Nothing when `reads.max-lag` is off.
  private var lag: ReplicationLag?
  /// The IP literals that the names of nodes were last found to stand for.
  private var literals: [NodeAddress: NodeAddress] = [:]

  private struct HistoryPoint {
    var replicationID: String
    var offset: Int64
  }
  /// The history that the primary writes, as it last said; empty before that.
  private var history = ""

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds.
  public init(primary: NodeAddress, replicas: [NodeAddress], maxLag: Double? = nil) {
    configuredPrimary = primary
    lag = maxLag.map(ReplicationLag.init)
    configuredReplicas = replicas.reduce(into: []) { kept, replica in
      if replica != primary && !kept.contains(replica) { kept.append(replica) }
    }
  }

  /// The nodes to keep an eye on, the primary first.
  public var watched: [NodeAddress] { [configuredPrimary] + replicaAddresses }

  /// Whether every watched node has said something or failed to.
  public var isComplete: Bool { watched.allSatisfy { observations[$0] != nil } }

  /// How often nodes must be asked so that lag is noticed in time, in seconds; nothing when that does not matter.
  public static func interval(forMaxLag maxLag: Double?) -> Double? { maxLag.map(ReplicationLag.interval) }

  /// - Parameter span: when the node was asked and when it had answered (or failed to), in seconds of a clock that does
  ///   not go back.
  public mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, during span: ClosedRange<Double>
  ) {
    guard watched.contains(node) else { return }
    observations[node] = observation
    if case .answered(let info, isLoading: false) = observation {
      if node == configuredPrimary, info.role == .primary { lag?.observe(primary: info, during: span) }
      if node != configuredPrimary, info.role == .replica { lag?.observe(node, info, during: span) }
    }
    if node == configuredPrimary {
      if case .answered(let info, _) = observation, info.role == .primary { history = info.replicationID }
      learnReplicas()
    }
    if case .answered(let info, isLoading: false) = observation, info.role == .replica, info.isLinked, !info.isSyncing {
      lastInStep[node] = HistoryPoint(replicationID: info.replicationID, offset: info.offset)
    }
  }

  /// A node was reached at the IP literal that its name stands for.
  public mutating func locate(_ node: NodeAddress, at literal: NodeAddress) { literals[node] = literal }

  public var snapshot: TopologySnapshot {
    let (primary, absence) = provenPrimary
    let addresses = replicaAddresses
    let judged = withoutLaggards(addresses.map { ($0, fitness(of: $0)) })
    return TopologySnapshot(
      primary: primary, primaryAbsence: absence,
      replicas: judged.map { .init(node: $0.node, fitness: $0.fitness, isDirect: isDirect($0.node)) })
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
      literals[address] = nil
      lag?.forget(address)
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

  /// Takes the replicas out that lag. While the primary is away, those that are as far as any other that is fit stay: a
  /// dead primary must not take all replicas with it, and nobody who could be asked instead has more.
  private func withoutLaggards(
    _ replicas: [(node: NodeAddress, fitness: ReplicaFitness)]
  ) -> [(node: NodeAddress, fitness: ReplicaFitness)] {
    guard let behind = lag?.behind, !behind.isEmpty else { return replicas }
    let furthest: Int64? =
      provenPrimary.0 == nil ? replicas.filter { $0.fitness == .fit }.map { offset(of: $0.node) }.max() : nil
    return replicas.map { node, fitness in
      let isKept = fitness != .fit || !behind.contains(node) || furthest.map { offset(of: node) >= $0 } == true
      return (node, isKept ? fitness : .lagging)
    }
  }

  private func offset(of node: NodeAddress) -> Int64 {
    guard case .answered(let info, _) = observations[node] else { return .min }
    return info.offset
  }

  /// Whether a replica follows the proven primary itself: it names it, or the primary names the replica among those that
  /// follow it. Either may know the other by its name or by the literal that this stands for; by anything else (a second
  /// name, a translated address), it cannot be told.
  private func isDirect(_ replica: NodeAddress) -> Bool {
    guard let primary = provenPrimary.0, case .answered(let own, _) = observations[replica], own.role == .replica,
      case .answered(let info, _) = observations[primary]
    else { return false }
    func isKnown(_ node: NodeAddress, as address: NodeAddress?) -> Bool {
      address != nil && (address == node || address == literals[node])
    }
    return isKnown(primary, as: own.primary)
      || info.replicas.contains { $0.isOnline && isKnown(replica, as: $0.address) }
  }
}
