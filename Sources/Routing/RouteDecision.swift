import Commands

/// Which nodes may run a request.
@frozen
public enum RouteTarget: UInt8, Sendable {
  case primary
  /// One of the fit replicas.
  case replica
  /// One of the fit nodes, the primary among them.
  case any
  /// No node may: the client gets an error.
  case none
}

/// Where a request goes, and why. A trivial value.
@frozen
public struct RouteDecision: Sendable, Equatable {
  public let target: RouteTarget
  public let reason: RouteReason

  @inlinable
  public init(_ target: RouteTarget, _ reason: RouteReason) {
    self.target = target
    self.reason = reason
  }

  /// Where a command goes by itself, whatever came before it and whatever ``CommandSpec/handling`` makes of it.
  @inlinable
  public static func decide(spec: CommandSpec, policy: ReadPolicy, replicasFit: Bool) -> RouteDecision {
    guard spec.placement == .replica else { return RouteDecision(.primary, primaryReason(of: spec)) }
    switch policy {
    case .primary:
      return RouteDecision(.primary, .policyPrimary)
    case .preferReplica:
      return replicasFit ? RouteDecision(.replica, .readonlyCommand) : RouteDecision(.primary, .noFitReplica)
    case .replica:
      return RouteDecision(replicasFit ? .replica : .none, replicasFit ? .readonlyCommand : .noFitReplica)
    case .any:
      return replicasFit ? RouteDecision(.any, .readonlyCommand) : RouteDecision(.primary, .noFitReplica)
    }
  }

  @inlinable
  static func primaryReason(of spec: CommandSpec) -> RouteReason {
    if spec.flags.contains(.write) { return .writeCommand }
    if spec.flags.contains(.readonly) { return .exception }
    return spec.isUnknown ? .unknownCommand : .otherCommand
  }
}
