/// What a read may miss.
public enum ReadConsistency: String, CaseIterable, Sendable {
  /// Nothing that was acknowledged through this ambassador before the read was sent.
  case readYourWrites = "read-your-writes"
  /// Whatever a replica has not got yet.
  case eventual
}

/// How the reads of a client are served: given by the listener that it came through.
public struct ReadRules: Sendable, Equatable {
  public var policy: ReadPolicy
  public var consistency: ReadConsistency

  public init(policy: ReadPolicy = .preferReplica, consistency: ReadConsistency = .readYourWrites) {
    self.policy = policy
    self.consistency = consistency
  }
}
