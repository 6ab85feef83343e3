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
  /// Readonly, but its key was written just now: the primary has yet to say where in its history that write is.
  case keyWrittenRecently = "key-written-recently"
  /// Readonly, but its key was written, and no replica is proven to be that far yet.
  case replicaBehind = "replica-behind"
  /// Readonly, but its key was written, and the connection to the replica is too new to be proven to have anything.
  case noFenceYet = "no-fence-yet"
  /// A script that a replica lacked a moment ago.
  case scriptAbsent = "script-absent"
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
    case .keyWrittenRecently: 8
    case .replicaBehind: 9
    case .noFenceYet: 10
    case .scriptAbsent: 11
    }
  }
}
