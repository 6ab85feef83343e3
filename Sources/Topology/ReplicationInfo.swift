/// What a node says of itself in the replication section of `INFO` (redis-server 7.0, field names unchanged to 8.0).
public struct ReplicationInfo: Equatable, Sendable {
  public enum Role: Equatable, Sendable { case primary, replica }

  /// One row `slaveN:` of a primary.
  public struct AttachedReplica: Equatable, Sendable {
    public let address: NodeAddress
    /// `state=online`: it has its copy and follows the stream.
    public let isOnline: Bool

    public init(address: NodeAddress, isOnline: Bool) {
      self.address = address
      self.isOnline = isOnline
    }
  }

  public var role: Role
  /// `master_replid`: names the history that `offset` counts in.
  public var replicationID: String
  /// `master_replid2`: the history that this one goes on from, after a promotion; empty for none.
  public var previousReplicationID: String
  /// On a primary `master_repl_offset`; on a replica `slave_repl_offset`, which is what it has applied.
  public var offset: Int64
  /// `master_link_status:up`. Always true on a primary.
  public var isLinked: Bool
  /// A replica that is copying its primary's data set has none of its own to read from.
  public var isSyncing: Bool
  /// Whom a replica follows.
  public var primary: NodeAddress?
  /// Who follows a primary.
  public var replicas: [AttachedReplica]

  public init(
    role: Role, replicationID: String = "", previousReplicationID: String = "", offset: Int64 = 0,
    isLinked: Bool = true, isSyncing: Bool = false, primary: NodeAddress? = nil, replicas: [AttachedReplica] = []
  ) {
    self.role = role
    self.replicationID = replicationID
    self.previousReplicationID = previousReplicationID
    self.offset = offset
    self.isLinked = isLinked
    self.isSyncing = isSyncing
    self.primary = primary
    self.replicas = replicas
  }

  /// Reads the text of `INFO replication`; nothing when it has no `role:` that is known.
  public init?(text: String) {
    let fields = InfoText(text)
    switch fields["role"] {
    // KeyDB's active replicas call themselves so; they take writes.
    case "master", "active-replica": role = .primary
    case "slave": role = .replica
    default: return nil
    }
    replicationID = fields["master_replid"].map(String.init) ?? ""
    // Forty zeros stand for none.
    previousReplicationID = fields["master_replid2"].flatMap { $0.allSatisfy { $0 == "0" } ? nil : String($0) } ?? ""
    offset = fields[role == .primary ? "master_repl_offset" : "slave_repl_offset"].flatMap { Int64($0) } ?? 0
    isLinked = role == .primary || fields["master_link_status"] == "up"
    isSyncing = role == .replica && fields["master_sync_in_progress"] == "1"
    primary = nil
    replicas = []
    if role == .replica, let host = fields["master_host"], !host.isEmpty,
      let port = fields["master_port"].flatMap({ UInt16($0) }), port > 0
    {
      primary = NodeAddress(host: String(host), port: port)
    }
    if role == .primary {
      var index = 0
      while let row = fields["slave\(index)"] {
        if let replica = AttachedReplica(row: row) { replicas.append(replica) }
        index += 1
      }
    }
  }
}

extension ReplicationInfo.AttachedReplica {
  /// Reads `ip=10.0.0.6,port=6379,state=online,offset=...,lag=0`.
  init?(row: Substring) {
    var host: Substring?
    var port: UInt16?
    var isOnline = false
    for field in row.split(separator: ",") {
      guard let equals = field.firstIndex(of: "=") else { continue }
      let value = field[field.index(after: equals)...]
      switch field[..<equals] {
      case "ip": host = value
      case "port": port = UInt16(value)
      case "state": isOnline = value == "online"
      default: break
      }
    }
    guard let host, !host.isEmpty, let port, port > 0 else { return nil }
    self.init(address: NodeAddress(host: String(host), port: port), isOnline: isOnline)
  }
}
