import Glibc
import Synchronization

/// A real Sentinel on a port of its own, watching `mymaster`.
public final class RedisSentinel: Sendable {
  public let place: Place
  private let lease: PortLease
  private let directory: TemporaryDirectory
  private let file: String
  private let process = Mutex<ChildProcess?>(nil)
  private let password: String?

  public var port: UInt16 { lease.port }
  public var address: String { place.address(port) }

  /// - Parameters:
  ///   - name: what it calls the primary's host, when that is not its address.
  ///   - more: lines of its configuration.
  ///   - lease: of a port that others have at other addresses; nothing for one of its own.
  public init(
    watching primary: RedisServer, calling name: String? = nil, quorum: Int = 2, password: String? = nil,
    more: [String] = [], place: Place = .here, lease: PortLease? = nil
  ) throws {
    self.place = place
    self.lease = try lease ?? PortLease()
    directory = try TemporaryDirectory()
    self.password = password
    var lines = [
      "port \(self.lease.port)", "bind \(place.host)", "protected-mode no", "dir \(directory.path)",
    ]
    // Before a name can be understood, it must be allowed.
    lines += more
    lines += [
      "sentinel monitor mymaster \(name ?? primary.place.host) \(primary.port) \(quorum)",
      "sentinel down-after-milliseconds mymaster 1000", "sentinel failover-timeout mymaster 6000",
      "sentinel parallel-syncs mymaster 1",
    ]
    // Sentinels authenticate to each other with the same.
    if let password { lines += ["requirepass \(password)", "sentinel sentinel-pass \(password)"] }
    file = try directory.write(lines.joined(separator: "\n") + "\n", to: "sentinel.conf")
    try start()
  }

  /// Again, after it was killed: it finds what it knew in its file.
  public func start() throws {
    let child = try ChildProcess(
      place.launcher + ["/usr/bin/redis-server", file, "--sentinel"], output: directory.file("log"))
    process.withLock { $0 = child }
    try eventually("the Sentinel on \(port) answers PONG") { try call("PING") == .simple("PONG") }
  }

  deinit { kill() }

  public func kill() {
    process.withLock {
      $0?.end()
      $0 = nil
    }
  }

  @discardableResult
  public func call(_ arguments: String...) throws -> RESPValue { try call(arguments) }

  @discardableResult
  public func call(_ arguments: [String]) throws -> RESPValue {
    let client = try RESPClient(host: place.host, port: port)
    if let password { try client.call("AUTH", password) }
    return try client.call(arguments)
  }

  public var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

  /// The port of the node that it names as the primary.
  public func primaryPort() throws -> UInt16? {
    guard case .array(let parts) = try call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"), parts.count == 2 else {
      return nil
    }
    return parts[1].text.flatMap { UInt16($0) }
  }

  public var log: String { text(ofFile: directory.file("log")) ?? "" }

  /// The priorities of the replicas, as it knows them.
  public func priorities() throws -> [String] {
    (try call("SENTINEL", "REPLICAS", "mymaster").elements ?? []).compactMap { row in
      guard let fields = row.elements?.map(\.text),
        let index = fields.firstIndex(where: { $0 == "slave-priority" }), index + 1 < fields.count
      else { return nil }
      return fields[index + 1]
    }
  }

  /// How many clients follow its events.
  public func listeners() throws -> Int {
    let text = try call("CLIENT", "LIST").text ?? ""
    return text.split(separator: "\n").count { $0.contains("cmd=psubscribe") }
  }

  private func count(_ what: String) throws -> Int {
    guard case .array(let rows) = try call("SENTINEL", what, "mymaster") else { return 0 }
    return rows.count
  }

  /// It knows so many replicas and other Sentinels.
  func knows(replicas: Int, peers: Int) throws -> Bool {
    try count("REPLICAS") == replicas && count("SENTINELS") == peers
  }
}

/// A primary, two replicas and three Sentinels that all know each other.
public final class SentinelGroup: Sendable {
  public let redis: RedisGroup
  public let sentinels: [RedisSentinel]

  /// - Parameters:
  ///   - primary: where the primary runs.
  ///   - rest: where the replicas and the Sentinels do.
  ///   - name: what the Sentinels call the primary's host, when that is not its address.
  ///   - more: lines of the Sentinels' configuration.
  ///   - lease: of one port that all Sentinels have, each at a loopback address of its own.
  ///   - options: of the nodes, as on redis-server's command line.
  public init(
    password: String? = nil, primary: Place = .here, rest: Place = .here, calling name: String? = nil,
    more: [String] = [], sharing lease: PortLease? = nil, options: [String] = []
  ) throws {
    redis = try RedisGroup(replicas: 2, options: options, place: primary, replicasPlace: rest)
    let node = redis.primary
    sentinels = try (0..<3).map { index in
      let place = lease == nil ? rest : .loopback(index + 2)
      let own = lease == nil ? [] : ["sentinel announce-ip \(place.host)"]
      return try RedisSentinel(
        watching: node, calling: name, password: password, more: more + own, place: place, lease: lease)
    }
    try eventually("all Sentinels know all") { try sentinels.allSatisfy { try $0.knows(replicas: 2, peers: 2) } }
  }

  /// The node on a port.
  public func node(_ port: UInt16) throws -> RedisServer {
    guard let node = redis.nodes.first(where: { $0.port == port }) else { throw Failure("no node on \(port)") }
    return node
  }

  /// Waits until every Sentinel that lives names another primary than this one.
  public func waitForSwitch(from old: RedisServer) throws -> RedisServer {
    var new: UInt16?
    try eventually(within: .seconds(60), "the Sentinels name another primary than \(old.port)") {
      let named = Set(try sentinels.map { try $0.primaryPort() })
      guard named.count == 1, let port = named.first ?? nil, port != old.port else { return false }
      new = port
      return true
    }
    return try node(new ?? 0)
  }
}
