/// What nodes have said of themselves, and which of them reads may go to under a given primary.
///
/// A value: who the primary is, is decided by its owner.
struct ReplicaBook: Sendable {
  private(set) var observations: [NodeAddress: NodeObservation] = [:]
  /// Where each replica was in its history when it was last in step. Only while it still is there may it be read from
  /// without a primary: one that was restarted meanwhile holds an old file's data, or none.
  private var lastInStep: [NodeAddress: HistoryPoint] = [:]
  /// Nothing when `reads.max-lag` is off.
  private var lag: ReplicationLag?
  /// The IP literals that the names of nodes were last found to stand for.
  private var literals: [NodeAddress: NodeAddress] = [:]
  /// The history that the primary writes, as it last said; empty before that.
  private(set) var history = ""

  private struct HistoryPoint {
    var replicationID: String
    var offset: Int64
  }

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds.
  init(maxLag: Double?) { lag = maxLag.map(ReplicationLag.init) }

  /// Takes over which history is the primary's; nothing that a node has said.
  mutating func goOn(from other: ReplicaBook) { history = other.history }

  /// What a node says, when it answers.
  func info(of node: NodeAddress) -> ReplicationInfo? {
    guard case .answered(let info, _) = observations[node] else { return nil }
    return info
  }

  /// - Parameter isPrimary: whether it is the node whose history counts, if it says that it is a primary.
  mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, isPrimary: Bool, during span: ClosedRange<Double>
  ) {
    observations[node] = observation
    guard case .answered(let info, let isLoading) = observation else { return }
    if isPrimary, info.role == .primary { history = info.replicationID }
    if isLoading { return }
    if isPrimary, info.role == .primary { lag?.observe(primary: info, during: span) }
    guard info.role == .replica else { return }
    if !isPrimary { lag?.observe(node, info, during: span) }
    if info.isLinked, !info.isSyncing {
      lastInStep[node] = HistoryPoint(replicationID: info.replicationID, offset: info.offset)
    }
  }

  /// A node was reached at the IP literal that its name stands for.
  mutating func locate(_ node: NodeAddress, at literal: NodeAddress) { literals[node] = literal }

  mutating func forget(_ node: NodeAddress) {
    observations[node] = nil
    lastInStep[node] = nil
    literals[node] = nil
    lag?.forget(node)
  }

  /// Another node is the primary now, and it has said so.
  mutating func follow(_ primary: NodeAddress) {
    if let info = info(of: primary) { history = info.replicationID }
  }

  /// Each replica with its fitness, in the given order.
  func judge(_ replicas: [NodeAddress], under primary: NodeAddress?) -> [TopologySnapshot.Replica] {
    withoutLaggards(replicas.map { ($0, fitness(of: $0, under: primary)) }, under: primary).map {
      .init(node: $0.node, fitness: $0.fitness, isDirect: isDirect($0.node, under: primary))
    }
  }

  /// Whether a replica's data are the primary's. One that was pointed at another primary is linked and well, and has that
  /// one's data. While the primary is away, another may have been promoted in its place and carry its history on.
  /// Servers that name no history are believed.
  func isOurs(_ info: ReplicationInfo, under primary: NodeAddress?) -> Bool {
    if history.isEmpty || info.replicationID.isEmpty || info.replicationID == history { return true }
    return primary == nil && info.previousReplicationID == history
  }

  /// Whether two addresses are known to mean one place: the same words, or a name and the literal it stands for.
  func isSamePlace(_ one: NodeAddress, _ other: NodeAddress) -> Bool {
    one == other || literals[one] == other || literals[other] == one
      || literals[one].map { $0 == literals[other] } == true
  }

  private func fitness(of replica: NodeAddress, under primary: NodeAddress?) -> ReplicaFitness {
    guard case .answered(let info, let isLoading) = observations[replica] else { return .unreachable }
    if info.role != .replica { return .notReplica }
    if isLoading { return .loading }
    if info.isSyncing { return .syncing }
    if info.isLinked { return isOurs(info, under: primary) ? .fit : .otherHistory }
    // Without a primary every link is down; what they hold is the best there is, if they still hold it.
    return primary == nil && hasKept(info, replica) && isOurs(info, under: primary) ? .fit : .linkDown
  }

  private func hasKept(_ info: ReplicationInfo, _ replica: NodeAddress) -> Bool {
    guard let point = lastInStep[replica] else { return false }
    return info.replicationID == point.replicationID && info.offset >= point.offset
  }

  /// Takes the replicas out that lag. While the primary is away, those that are as far as any other that is fit stay: a
  /// dead primary must not take all replicas with it, and nobody who could be asked instead has more.
  private func withoutLaggards(
    _ replicas: [(node: NodeAddress, fitness: ReplicaFitness)], under primary: NodeAddress?
  ) -> [(node: NodeAddress, fitness: ReplicaFitness)] {
    guard let behind = lag?.behind, !behind.isEmpty else { return replicas }
    let furthest: Int64? =
      primary == nil ? replicas.filter { $0.fitness == .fit }.map { offset(of: $0.node) }.max() : nil
    return replicas.map { node, fitness in
      let isKept = fitness != .fit || !behind.contains(node) || furthest.map { offset(of: node) >= $0 } == true
      return (node, isKept ? fitness : .lagging)
    }
  }

  private func offset(of node: NodeAddress) -> Int64 { info(of: node)?.offset ?? .min }

  /// Whether a replica follows the proven primary itself: it names it, or the primary names the replica among those that
  /// follow it. Either may know the other by its name or by the literal that this stands for; by anything else (a second
  /// name, a translated address), it cannot be told.
  private func isDirect(_ replica: NodeAddress, under primary: NodeAddress?) -> Bool {
    guard let primary, let own = info(of: replica), own.role == .replica, let info = info(of: primary) else {
      return false
    }
    func isKnown(_ node: NodeAddress, as address: NodeAddress?) -> Bool {
      address != nil && (address == node || address == literals[node])
    }
    return isKnown(primary, as: own.primary)
      || info.replicas.contains { $0.isOnline && isKnown(replica, as: $0.address) }
  }
}
