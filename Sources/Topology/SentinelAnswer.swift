/// What one Sentinel says of the watched set in one go: its replies to `SENTINEL MASTER`, then
/// `SENTINEL GET-MASTER-ADDR-BY-NAME`, `SENTINEL REPLICAS` and `SENTINEL SENTINELS`, asked together in this order.
///
/// Both of the first two are needed. From the promotion on, the leader of a failover has the *new* config epoch beside the
/// *old* address in `MASTER`, for a second or more; only the other reply has the new address.
public struct SentinelAnswer: Equatable, Sendable {
  public struct Replica: Equatable, Sendable {
    public var address: NodeAddress
    /// The leader of a failover has chosen it to be promoted.
    public var isSelected: Bool
    /// The Sentinel that says so cannot reach it, or not for long.
    public var isDown: Bool

    public init(address: NodeAddress, isSelected: Bool = false, isDown: Bool = false) {
      self.address = address
      self.isSelected = isSelected
      self.isDown = isDown
    }
  }

  public struct Peer: Equatable, Sendable {
    public var id: String
    public var address: NodeAddress

    public init(id: String, address: NodeAddress) {
      self.id = id
      self.address = address
    }
  }

  /// Whom it names as the primary.
  public var primary: NodeAddress
  /// The primary that a failover under way has put down already; nothing when there is none such.
  public var deposed: NodeAddress?
  /// Grows by each failover; of two answers the one with the higher epoch is the younger.
  public var configEpoch: UInt64
  /// It leads a failover.
  public var isFailingOver: Bool
  /// Enough Sentinels agree that the primary is down.
  public var isDown: Bool
  public var quorum: Int
  public var replicas: [Replica]
  /// The other Sentinels that it knows.
  public var peers: [Peer]

  public init(
    primary: NodeAddress, deposed: NodeAddress? = nil, configEpoch: UInt64, isFailingOver: Bool = false,
    isDown: Bool = false, quorum: Int = 2, replicas: [Replica] = [], peers: [Peer] = []
  ) {
    self.primary = primary
    self.deposed = deposed
    self.configEpoch = configEpoch
    self.isFailingOver = isFailingOver
    self.isDown = isDown
    self.quorum = quorum
    self.replicas = replicas
    self.peers = peers
  }

  /// Reads the replies, each row as its fields and values; nothing when they name no primary.
  public init?(master: [String: String], address: [String], replicas: [[String: String]], peers: [[String: String]]) {
    guard address.count == 2, let primary = NodeAddress(host: address[0], port: address[1]),
      let own = NodeAddress(fields: master), let epoch = master["config-epoch"].flatMap({ UInt64($0) })
    else { return nil }
    let flags = Self.flags(master)
    self.init(
      primary: primary, deposed: own == primary ? nil : own, configEpoch: epoch,
      isFailingOver: flags.contains("failover_in_progress"), isDown: flags.contains("o_down"),
      quorum: master["quorum"].flatMap { Int($0) } ?? 1)
    self.replicas = replicas.compactMap { row in
      // A node with `replica-announced no` wants to be left out of everything.
      guard row["replica-announced"] != "0", let address = NodeAddress(fields: row) else { return nil }
      let flags = Self.flags(row)
      return Replica(
        address: address, isSelected: flags.contains("promoted"),
        isDown: flags.contains { ["s_down", "o_down", "disconnected"].contains($0) })
    }
    self.peers = peers.compactMap { row in
      guard let id = row["runid"], !id.isEmpty, let address = NodeAddress(fields: row) else { return nil }
      return Peer(id: id, address: address)
    }
  }

  private static func flags(_ fields: [String: String]) -> [Substring] {
    (fields["flags"] ?? "").split(separator: ",")
  }
}

extension NodeAddress {
  init?(host: String, port: String) {
    guard !host.isEmpty, let port = UInt16(port), port > 0 else { return nil }
    self.init(host: host, port: port)
  }

  fileprivate init?(fields: [String: String]) {
    guard let host = fields["ip"], let port = fields["port"] else { return nil }
    self.init(host: host, port: port)
  }
}
