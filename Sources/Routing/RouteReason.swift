/// Why a request goes where it goes. The raw value is at once metric label, log word and part of `explain`.
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
}
