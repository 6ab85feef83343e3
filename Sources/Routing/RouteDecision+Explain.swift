import Commands

extension RouteDecision {
  /// One line for people: what becomes of this command, and why. For `redis-amb explain`; cold.
  public func explain(_ spec: CommandSpec, in table: CommandTable) -> String {
    let name = spec.isUnknown ? "an unknown command" : table.name(of: spec)
    let because = table.because(spec).map { ": " + $0 } ?? ""
    switch spec.handling {
    case .forward:
      return "\(name) goes to \(target.words) (\(reason.rawValue))\(because.isEmpty ? ": " + reason.words : because)"
    case .everywhere:
      return "\(name) goes to \(target.words), and the replicas are told as well\(because)"
    case .local:
      return "\(name) is answered by the ambassador\(because)"
    case .pinned:
      return "\(name) needs an upstream of its own, to \(target.words)\(because)"
    case .pinnedIfBlocking:
      return "\(name) goes to \(target.words) (\(reason.rawValue)), with BLOCK on an upstream of its own\(because)"
    case .refused:
      return "\(name) is refused, \"\(table.refusal(of: spec) ?? "ERR")\"\(because)"
    case .closeSilently:
      return "\(name) closes the connection\(because)"
    }
  }
}

extension RouteTarget {
  fileprivate var words: String {
    switch self {
    case .primary: "the primary"
    case .replica: "a replica"
    case .any: "the primary or a replica"
    case .none: "no node"
    }
  }
}

extension RouteReason {
  /// What the raw value stands for, for people.
  public var words: String {
    switch self {
    case .readonlyCommand: "the server calls it readonly"
    case .writeCommand: "the server calls it a write"
    case .otherCommand: "the server calls it neither readonly nor a write"
    case .unknownCommand: "nobody has told us what it does"
    case .exception: "readonly, but an exception"
    case .policyPrimary: "the policy keeps reads on the primary"
    case .noFitReplica: "no replica is fit to answer"
    case .pipelineOrder: "the primary has yet to answer what came before it"
    case .keyWrittenRecently: "its key was written just now, and no replica can be proven to have that yet"
    case .replicaBehind: "its key was written lately, and no replica is proven to have that"
    case .noFenceYet:
      "its key was written before this connection to the replica was made, which has yet to prove itself"
    case .scriptAbsent: "a replica did not have the script a moment ago"
    }
  }
}
