/// A place where clients connect, and how the reads of those who come in there differ from the others'.
public struct Listener: Sendable, Equatable {
  public var address: ListenAddress
  /// Nothing where `reads.policy` holds.
  public var reads: AmbassadorConfiguration.ReadPolicy?
  /// Nothing where `reads.consistency` holds.
  public var consistency: AmbassadorConfiguration.Consistency?
  /// Clients may do nothing before they have authenticated.
  public var requiresAuthentication = false

  public init(
    _ address: ListenAddress, reads: AmbassadorConfiguration.ReadPolicy? = nil,
    consistency: AmbassadorConfiguration.Consistency? = nil
  ) {
    self.address = address
    self.reads = reads
    self.consistency = consistency
  }
}
