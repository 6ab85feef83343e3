/// Why a request goes where it goes. The raw value is at once metric label, log word and part of `explain`.
@frozen
public enum RouteReason: String, CaseIterable, Sendable {
  /// The server flags it readonly, and policy lets it leave the primary.
  case readonlyCommand = "readonly-command"
  /// The server flags it write.
  case writeCommand = "write-command"
  /// The server flags it neither readonly nor write.
  case otherCommand = "other-command"
  /// No server has told us of it.
  case unknownCommand = "unknown-command"
  /// Readonly, but one of the exceptions of the command table.
  case exception = "exception"
  /// Readonly, but policy keeps reads on the primary.
  case policyPrimary = "policy-primary"
  /// Readonly, but no replica is fit to answer.
  case noFitReplica = "no-fit-replica"
  /// Readonly, but behind a request of the same client that the primary has yet to answer.
  case pipelineOrder = "pipeline-order"
  /// Readonly, but right behind a write of the same client, which a replica may not have yet.
  case ownWrite = "own-write"
}

extension RouteReason {
  /// A small number for arrays of counters: the case's place.
  @inlinable
  public var index: Int {
    switch self {
    case .readonlyCommand: 0
    case .writeCommand: 1
    case .otherCommand: 2
    case .unknownCommand: 3
    case .exception: 4
    case .policyPrimary: 5
    case .noFitReplica: 6
    case .pipelineOrder: 7
    case .ownWrite: 8
    }
  }
}
