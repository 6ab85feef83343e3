/// Whether reads may go to a replica, and if not, why not. The word is for logs, `status` and `explain`.
public enum ReplicaFitness: String, Equatable, Sendable {
  case fit
  /// It does not answer.
  case unreachable
  /// It loads its data set from disk.
  case loading
  /// It copies the data set of its primary.
  case syncing
  /// Its link to the primary is down while the primary is up: it falls behind.
  case linkDown = "link-down"
  /// It is proven to be further behind the primary than `reads.max-lag`.
  case lagging
  /// It answers us, but most Sentinels cannot reach it, and there are others.
  case avoided
  /// It has the data of another primary.
  case otherHistory = "other-history"
  /// It says that it is not a replica.
  case notReplica = "not-a-replica"
}

/// An immutable picture of who is who, handed to every worker.
public struct TopologySnapshot: Equatable, Sendable {
  public struct Replica: Equatable, Sendable {
    public let node: NodeAddress
    public let fitness: ReplicaFitness
    /// It is known to follow the proven primary itself. A replica of a replica does not, and gets what is written later.
    public let isDirect: Bool

    public init(node: NodeAddress, fitness: ReplicaFitness, isDirect: Bool) {
      self.node = node
      self.fitness = fitness
      self.isDirect = isDirect
    }
  }

  /// The node that the source of topology names and that says itself that it is the primary; nothing while there is none.
  public var primary: NodeAddress?
  /// Why there is no primary, as a sentence for the client that asks for one.
  public var primaryAbsence: String
  /// On what ground the primary is believed to be one, in words that continue its name; empty when nothing needs saying.
  public var primaryProof: String
  /// Sentinel's config epoch of the last primary that was proven; 0 where there is no Sentinel. It grows with each
  /// failover.
  public var epoch: UInt64
  public var replicas: [Replica]

  public init(
    primary: NodeAddress?, primaryAbsence: String = "", primaryProof: String = "", epoch: UInt64 = 0,
    replicas: [Replica]
  ) {
    self.primary = primary
    self.primaryAbsence = primaryAbsence
    self.primaryProof = primaryProof
    self.epoch = epoch
    self.replicas = replicas
  }

  public var fitReplicas: [NodeAddress] { replicas.filter { $0.fitness == .fit }.map(\.node) }
}

/// What discovery has learned of a node since it last asked.
public enum NodeObservation: Equatable, Sendable {
  /// The node has answered.
  case answered(ReplicationInfo, isLoading: Bool)
  /// The node could not be reached, did not answer in time, or refused; the sentence says which.
  case lost(String)
}
