/// Where reads may go. The raw values are the configuration's words.
public enum ReadPolicy: String, CaseIterable, Sendable {
  /// The primary only.
  case primary
  /// A fit replica; the primary while there is none.
  case preferReplica = "prefer-replica"
  /// A fit replica; an error while there is none. The primary is spared at any price.
  case replica
  /// Whichever fit node is best, the primary among them.
  case any
}
