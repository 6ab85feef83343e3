/// What a read may miss.
public enum ReadConsistency: String, CaseIterable, Sendable {
  /// Nothing that was acknowledged through this ambassador before the read was sent.
  case readYourWrites = "read-your-writes"
  /// Whatever a replica has not got yet.
  case eventual
}

/// How a client is served: given by the listener that it came through.
public struct ListenerRules: Sendable, Equatable {
  public var policy: ReadPolicy
  public var consistency: ReadConsistency
  /// It may do nothing before it has named a user that the server accepts.
  public var requiresAuthentication: Bool

  public init(
    policy: ReadPolicy = .preferReplica, consistency: ReadConsistency = .readYourWrites,
    requiresAuthentication: Bool = false
  ) {
    self.policy = policy
    self.consistency = consistency
    self.requiresAuthentication = requiresAuthentication
  }
}
