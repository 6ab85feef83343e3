import Synchronization

/// A primary and its replicas, linked.
public final class RedisGroup: Sendable {
  public let primary: RedisServer
  private let options: [String]
  private let members: Mutex<[RedisServer]>
  private let isRelayed: Bool
  private let replicasPlace: Place
  private let links = Mutex<[ReplicationRelay]>([])

  public var replicas: [RedisServer] { members.withLock { $0 } }
  public var nodes: [RedisServer] { [primary] + replicas }

  /// What stands between each replica and the primary, in the order of the replicas; empty when nothing does.
  public var relays: [ReplicationRelay] { links.withLock { $0 } }

  /// - Parameter relayed: replication goes through relays, so that a test can keep it back.
  public init(
    replicas count: Int, options: [String] = [], relayed: Bool = false, place: Place = .here,
    replicasPlace: Place = .here
  ) throws {
    self.options = options
    self.replicasPlace = replicasPlace
    isRelayed = relayed
    primary = try RedisServer(options: options, place: place)
    members = Mutex([])
    for _ in 0..<count { try addReplica(linked: false) }
    try waitUntilLinked()
  }

  @discardableResult
  public func addReplica(linked: Bool = true) throws -> RedisServer {
    var (host, source) = (primary.place.host, primary.port)
    if isRelayed {
      let relay = try ReplicationRelay(to: primary.port)
      links.withLock { $0.append(relay) }
      (host, source) = (Place.here.host, relay.port)
    }
    let replica = try RedisServer(options: options + ["--replicaof", host, "\(source)"], place: replicasPlace)
    members.withLock { $0.append(replica) }
    if linked { try waitUntilLinked() }
    return replica
  }

  /// Every replica is up and the primary counts it as online.
  public func waitUntilLinked() throws {
    let replicas = replicas
    try eventually("\(replicas.count) replicas are linked to \(primary.port)") {
      let info = try primary.info("replication")
      let online = info.filter { $0.key.hasPrefix("slave") && $0.value.contains("state=online") }.count
      return try online >= replicas.count
        && replicas.allSatisfy { try $0.info("replication")["master_link_status"] == "up" }
    }
  }

  /// Every replica has everything that the primary has acknowledged until now.
  public func settle() throws {
    let target = try primary.offset()
    for replica in replicas {
      try eventually("replica \(replica.port) reaches offset \(target)") { try replica.offset() >= target }
    }
  }

  /// Puts data in without the service under test knowing of it, and on all nodes before it returns.
  public func seed(_ commands: [[String]]) throws {
    let client = try primary.connect()
    for start in stride(from: 0, to: commands.count, by: 1000) {
      for reply in try client.pipeline(Array(commands[start..<min(start + 1000, commands.count)])) where reply.isError {
        throw Failure("seeding: \(reply)")
      }
    }
    try settle()
  }

  /// How often each node runs `command` while `body` runs: the primary first, then the replicas.
  public func calls(of command: String, during body: () throws -> Void) throws -> [Int] {
    let before = try nodes.map { try $0.calls(of: command) }
    try body()
    return try zip(nodes, before).map { try $0.calls(of: command) - $1 }
  }
}
