/// A primary, its replicas, and the service under test in front of them.
public final class Lab: Sendable {
  public let redis: RedisGroup
  public let service: any ServiceUnderTest

  /// `flags` are the ambassador's own; replicas are left for it to find unless `namesReplicas`.
  public init(
    replicas: Int = 2, flags: [String] = [], options: [String] = [], namesReplicas: Bool = false,
    readsOnReplicas: Bool = true, relayed: Bool = false
  ) throws {
    redis = try RedisGroup(replicas: replicas, options: options, relayed: relayed)
    if TestTarget.isDirect {
      service = DirectService(primary: redis.primary)
    } else {
      let named = namesReplicas ? redis.replicas.map(\.address) : []
      let ambassador = try AmbassadorProcess(primary: redis.primary.address, replicas: named, flags: flags)
      try ambassador.waitUntilServing(redis, readsOnReplicas: readsOnReplicas)
      service = ambassador
    }
  }

  public var primary: RedisServer { redis.primary }
  public var replicas: [RedisServer] { redis.replicas }

  /// How often each node runs `command` while `body` runs in a steady state: the primary first, then the replicas.
  ///
  /// A steady state is silent. When the ambassador has said something meanwhile (on a busy machine a node is silent for a
  /// moment, and reads are asked elsewhere), it is done once more.
  public func calls(of command: String, during body: () throws -> Void) throws -> [Int] {
    guard let ambassador = service as? AmbassadorProcess else { return try redis.calls(of: command, during: body) }
    let deadline = Deadline()
    while true {
      let said = ambassador.log.utf8.count
      let calls = try redis.calls(of: command, during: body)
      // Whatever it had to say until now is said before it answers this.
      _ = try ambassador.status(contains: "")
      if ambassador.log.utf8.count == said || deadline.isOver { return calls }
    }
  }

  /// Only for tests that are not run directly.
  public var ambassador: AmbassadorProcess {
    get throws {
      guard let ambassador = service as? AmbassadorProcess else { throw Failure("needs the ambassador") }
      return ambassador
    }
  }

  public func connect(receiveBuffer: Int? = nil, patience: Duration = Deadline.patience) throws -> RESPClient {
    try service.connect(receiveBuffer: receiveBuffer, patience: patience)
  }
}
