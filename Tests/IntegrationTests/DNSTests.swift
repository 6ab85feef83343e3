import TestSupport
import Testing

/// Nodes that are found by names: looked up by the system's own resolver, in a hosts file that changes under it.
@Suite(
  .throughTheAmbassador, .serialized,
  .enabled(if: Tool.hosts != nil, "there are no user namespaces (unshare --map-root-user --mount)"))
struct DNSTests {
  @Test func `a name that stands for all nodes: pods come and go, and another becomes the primary`() throws {
    try Pods.with(3) { pods in
      let client = try pods.ambassador.connect()
      try pods.expectWrites(client, reach: pods.nodes[0])
      try pods.expectReads(client, reach: [pods.nodes[1], pods.nodes[2]])
      // A pod more.
      let new = try pods.add(following: pods.nodes[0])
      try pods.list(pods.nodes)
      try pods.expectReads(client, reach: [new])
      // One less: it is well, and is not meant any more.
      try pods.list([pods.nodes[0], pods.nodes[1], new])
      try eventually("it has left") { pods.log("replica \(pods.nodes[2].address) has left") }
      let before = try pods.nodes[2].calls(of: "get")
      for _ in 0..<50 { try client.call("GET", "key") }
      try expectEqual(try pods.nodes[2].calls(of: "get"), before)
      // The primary dies, and somebody promotes another.
      pods.nodes[0].kill()
      try pods.nodes[1].call("REPLICAOF", "NO", "ONE")
      try new.call("REPLICAOF", pods.nodes[1].place.host, "\(pods.nodes[1].port)")
      try pods.expectWrites(client, reach: pods.nodes[1])
      try check(pods.log("it has taken the place of \(pods.nodes[0].address)"), "the log tells")
      // The dead one comes back and believes that nothing has happened.
      try pods.nodes[0].start()
      try eventually("it is seen") { pods.log("\(pods.nodes[0].address) answers again") }
      try pods.expectWrites(client, reach: pods.nodes[1])
      try expectEqual(try pods.nodes[0].calls(of: "incr"), 0)
    }
  }

  @Test func `names that cannot be looked up stand for what they stood for`() throws {
    try Pods.with(2) { pods in
      let client = try pods.ambassador.connect()
      try pods.expectWrites(client, reach: pods.nodes[0])
      try pods.list([])
      try eventually("it is told") { pods.log("the name redis-headless cannot be looked up") }
      try pods.expectWrites(client, reach: pods.nodes[0])
      try pods.expectReads(client, reach: [pods.nodes[1]])
      pods.nodes[0].kill()
      try client.send(Request.bytes(["INCR", "held"]))
      try pods.nodes[0].start()
      try pods.nodes[1].call("REPLICAOF", pods.nodes[0].place.host, "\(pods.nodes[0].port)")
      try expectEqual(try client.reply().value, .integer(1))
      try pods.list(pods.nodes)
      try eventually("it is told") { pods.log("the name redis-headless can be looked up again") }
    }
  }

  @Test func `other servers in the place of all: what was begun is finished where it began`() throws {
    try Pods.with(1) { pods in
      let (client, other) = (try pods.ambassador.connect(), try pods.ambassador.connect())
      try expectEqual(try client.call("MULTI"), .simple("OK"))
      try expectEqual(try client.call("INCR", "counter"), .simple("QUEUED"))
      let (old, new, below) = (pods.nodes[0], try pods.add(following: nil), try pods.add(following: nil))
      try below.call("REPLICAOF", new.place.host, "\(new.port)")
      try pods.list([new, below])
      try pods.expectWrites(other, reach: new)
      try expectEqual(try client.call("EXEC"), .array([.integer(1)]))
      try expectEqual(try old.call("GET", "counter"), .bulk("1"))
      try eventually("its connections end") { pods.log("what was begun before is finished") }
      try pods.expectWrites(client, reach: new)
    }
  }

  @Test
  func `a service for the primary and one for the replicas; the former leads elsewhere from one moment to the next`()
    throws
  {
    let group = try RedisGroup(replicas: 2)
    // One address, and whoever is the primary behind it, as a Kubernetes service; connections last.
    let service = try ReplicationRelay(to: group.primary.port)
    let directory = try TemporaryDirectory()
    let hosts = try directory.write("127.0.0.1 redis-master redis-replicas\n", to: "hosts")
    let replicas = group.replicas.map { "redis-replicas:\($0.port)" }.joined(separator: ",")
    let ambassador = try AmbassadorProcess(
      topology: [
        "--topology-dns-primary", "redis-master:\(service.port)", "--topology-dns-replicas", replicas,
        "--topology-dns-refresh", "200ms",
      ], hosts: hosts)
    do {
      try ambassador.waitUntilServing(group, readsOnReplicas: true)
      let (client, stuck) = (try ambassador.connect(), try ambassador.connect())
      try expectEqual(try client.call("INCR", "n"), .integer(1))
      // It hangs; another is promoted, and the service led to it; then it wakes.
      group.primary.freeze()
      try stuck.send(Request.bytes(["INCR", "n"]))
      let new = group.replicas[0]
      try new.call("REPLICAOF", "NO", "ONE")
      try group.replicas[1].call("REPLICAOF", "127.0.0.1", "\(new.port)")
      service.redirect(to: new.port)
      try eventually("a write reaches the new one") {
        try client.call("INCR", "n").isError == false && new.calls(of: "incr") > 0
      }
      group.primary.thaw()
      let fate = try stuck.reply().value
      try check(fate.errorText?.hasPrefix("AMBUNKNOWN") == true || fate == .integer(2), "the write in flight: \(fate)")
      let before = try group.primary.calls(of: "incr")
      for _ in 0..<20 { try check(try client.call("INCR", "n").isError == false, "INCR") }
      try expectEqual(try group.primary.calls(of: "incr"), before, "writes on the former primary")
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  @Test func `from a static topology to names, to Sentinel and back under load`() throws {
    let group = try SentinelGroup()
    let nodes = group.redis.nodes.map(\.address)
    let named =
      "topology: {dns: {primary: \(nodes[0]), replicas: [\(nodes[1]), \(nodes[2])], refresh: 1s}}\n"
    let sentinel = "topology: {sentinel: {addresses: [\(group.sentinels[0].address)]}}\n"
    let fixed = ReloadLab.following(group.redis)
    try ReloadLab.with(fixed) { lab in
      let load = Appenders(lab.ambassador)
      try load.goOn()
      for configuration in [named, sentinel, named, fixed] {
        try lab.reload(configuration)
        try load.goOn()
      }
      try load.finish(on: [group.redis.primary])
      try check(!lab.ambassador.log.contains("no primary"), "there was none for a moment")
    }
  }
}

/// Nodes on one port of many loopback addresses, and a name that stands for those of them that are listed.
private final class Pods {
  private let lease: PortLease
  private let directory: TemporaryDirectory
  private(set) var nodes: [RedisServer] = []
  private var started: AmbassadorProcess?

  static func with(_ count: Int, _ body: (Pods) throws -> Void) throws {
    let pods = try Pods()
    for _ in 0..<count { try pods.add(following: pods.nodes.first) }
    try pods.list(pods.nodes)
    let ambassador = try AmbassadorProcess(
      topology: ["--topology-dns-primary", "redis-headless:\(pods.lease.port)", "--topology-dns-refresh", "200ms"],
      hosts: pods.directory.file("hosts"))
    pods.started = ambassador
    do {
      try body(pods)
      try check(ambassador.isRunning, "the ambassador is gone")
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  private init() throws {
    lease = try PortLease()
    directory = try TemporaryDirectory()
  }

  var ambassador: AmbassadorProcess {
    get throws {
      guard let started else { throw Failure("there is no ambassador yet") }
      return started
    }
  }

  func log(_ words: String) -> Bool { started?.log.contains(words) ?? false }

  @discardableResult
  func add(following primary: RedisServer?) throws -> RedisServer {
    let options = primary.map { ["--replicaof", $0.place.host, "\($0.port)"] } ?? []
    // Who it is to others is its own address, not the one it happens to connect from.
    let place = Place.loopback(nodes.count + 2)
    let node = try RedisServer(
      options: options + ["--replica-announce-ip", place.host], place: place, lease: lease)
    nodes.append(node)
    if primary != nil {
      try eventually("\(node.address) is linked") { try node.info("replication")["master_link_status"] == "up" }
    }
    return node
  }

  /// The name stands for these from now on.
  func list(_ nodes: [RedisServer]) throws {
    _ = try directory.write(nodes.map { "\($0.place.host) redis-headless\n" }.joined(), to: "hosts")
  }

  func expectWrites(_ client: RESPClient, reach node: RedisServer) throws {
    let before = try node.calls(of: "incr")
    try eventually("writes reach \(node.address)") {
      let reply = try client.call("INCR", "written")
      try check(!reply.isError, "\(reply)")
      return try node.calls(of: "incr") > before
    }
  }

  func expectReads(_ client: RESPClient, reach nodes: [RedisServer]) throws {
    for node in nodes {
      let before = try node.calls(of: "get")
      try eventually("reads reach \(node.address)") {
        for _ in 0..<20 { try client.call("GET", "key") }
        return try node.calls(of: "get") > before
      }
    }
  }
}
