import TestSupport

/// Real servers, the ambassador, clients at a steady rate, and one fault.
public final class Laboratory: Sendable {
  let redis: RedisGroup
  /// Empty for a static topology.
  let sentinels: [RedisSentinel]
  public let ambassador: AmbassadorProcess
  let load: Load
  let clock: Stopwatch
  private let network: Network?
  private let roles: RoleWatch
  /// Where its hosts file is, when it needs one.
  private let directory: TemporaryDirectory

  /// Runs a fault and says what came of it.
  /// - Parameter untilCalm: goes on until a former primary has been made a replica, which takes Sentinel about 12 s;
  ///   until then it would take writes that will be thrown away. Without, it ends soon after the fault is over.
  public static func run(_ fault: Fault, untilCalm: Bool, flags: [String] = []) throws -> Run {
    let laboratory = try Laboratory(fault, flags: flags)
    do { return try laboratory.run(fault, untilCalm: untilCalm) } catch {
      throw Failure("\(fault.name): \(error)\n\(laboratory.ambassador.report)")
    }
  }

  public struct Run: Sendable {
    public let findings: Findings
    /// What the ambassador has logged.
    public let log: String
  }

  private init(_ fault: Fault, flags: [String]) throws {
    network = try fault.partition.map { _ in try Network() }
    let near = network?.place(.near) ?? .here
    let far = network?.place(.far) ?? .here
    var topology: [String]
    var hosts: String?
    directory = try TemporaryDirectory()
    switch fault.topology {
    case .sentinel:
      let group = try SentinelGroup(primary: near, rest: far, options: fault.options)
      (redis, sentinels) = (group.redis, group.sentinels)
      topology = ["--topology-sentinel-addresses", group.sentinels[0].address]
    case .static:
      (redis, sentinels) = (try RedisGroup(replicas: 2, options: fault.options), [])
      topology = ["--primary", redis.primary.address]
    case .dns:
      (redis, sentinels) = (try RedisGroup(replicas: 2, options: fault.options), [])
      let names = redis.nodes.indices.map { "redis-\($0)" }
      hosts = try directory.write("127.0.0.1 \(names.joined(separator: " "))\n", to: "hosts")
      let nodes = zip(names, redis.nodes).map { "\($0):\($1.port)" }
      topology = [
        "--topology-dns-primary", nodes[0], "--topology-dns-replicas", nodes.dropFirst().joined(separator: ","),
        "--topology-dns-refresh", "200ms",
      ]
    }
    topology += flags
    ambassador = try AmbassadorProcess(
      topology: topology, hosts: hosts, place: fault.partition == .withPrimary ? near : far)
    try redis.seed((0..<Load.seeds).map { ["SET", Load.seed($0), Load.seedValue($0)] })
    try ambassador.waitUntilServing(redis, readsOnReplicas: true)
    clock = Stopwatch()
    roles = RoleWatch(redis.nodes, clock: clock)
    load = try Load(on: ambassador, clock: clock)
  }

  private func run(_ fault: Fault, untilCalm: Bool) throws -> Run {
    try load.goOn(50)
    let begin = clock.now
    try fault.inject(self)
    try load.goOn()
    if untilCalm { try waitForCalm() }
    let end = clock.now
    try load.subscriber.hear("the end", from: ambassador)
    try load.popper.pop(from: ambassador)
    try load.stop()
    try roles.stop()
    if let crash = ambassador.crash { throw Failure(crash) }
    let seen = load.seen
    let missing = try missing(seen.acknowledged)
    let gone = Set(missing.map(\.key))
    let stale = seen.vanished.filter { !gone.contains($0) }.map {
      "\($0) was acknowledged, read as missing, and is there"
    }
    let firstTurn = roles.firstTurn(after: begin)
    let writeGap = Findings.longestGap(load.writeTimes, from: begin, to: end)
    let turn = roles.lastTurn(before: writeGap.end)
    let findings = Findings(
      title: fault.title, acknowledged: seen.acknowledged.count, errors: Findings.tally(seen.errors.map(\.text)),
      readErrors: Findings.tally(seen.readErrors.map(\.text)), connectionsLost: seen.lostConnections.count,
      unknown: seen.unknown.map(\.text), missing: missing.count, lastMissing: missing.map { $0.at - begin }.max(),
      missingAfterTurn: missing.count { write in firstTurn.map { write.at > $0.at } ?? false },
      wrong: seen.wrong + stale, writeGap: writeGap,
      readGap: Findings.longestGap(seen.reads.sorted(), from: begin, to: end),
      resumed: turn.flatMap { $0.at > begin ? writeGap.end - $0.at : nil })
    return Run(findings: findings, log: ambassador.log)
  }

  private func missing(_ written: [(key: String, at: Double)]) throws -> [(key: String, at: Double)] {
    let client = try primary().connect()
    let replies = try client.pipeline(written.map { ["EXISTS", $0.key] })
    return zip(written, replies).filter { $0.1 != .integer(1) }.map(\.0)
  }
}

// MARK: - What faults wait for

extension Laboratory {
  /// The node that is the primary in the end: the one that all Sentinels name, or the only one that says so.
  func primary() throws -> RedisServer {
    let live = redis.nodes.filter(\.isRunning)
    var found: RedisServer?
    try eventually(within: .seconds(60), "one node is the primary") {
      let named = Set(try sentinels.filter(\.isRunning).compactMap { try $0.primaryPort() })
      let primaries = try live.filter { try $0.info("replication")["role"] == "master" }
      let meant = named.count == 1 ? primaries.filter { named.contains($0.port) } : primaries
      guard meant.count == 1 else { return false }
      found = meant[0]
      return true
    }
    guard let found else { throw Failure("no primary") }
    return found
  }

  /// Exactly one primary is left, and all others follow it.
  func waitForCalm() throws {
    let live = redis.nodes.filter(\.isRunning)
    try eventually(within: .seconds(90), "all nodes follow one primary") {
      let infos = try live.map { try $0.info("replication") }
      return infos.count { $0["role"] == "master" } == 1
        && infos.allSatisfy { $0["role"] == "master" || $0["master_link_status"] == "up" }
    }
    try load.goOn()
  }

  /// All Sentinels name another primary than this one. Gives it back.
  @discardableResult
  func waitForSwitch(from old: RedisServer) throws -> RedisServer {
    var new: RedisServer?
    try eventually(within: .seconds(60), "the Sentinels name another primary") {
      let named = Set(try sentinels.filter(\.isRunning).map { try $0.primaryPort() })
      new = redis.nodes.first { $0.port == named.first && $0.port != old.port }
      return named.count == 1 && new != nil
    }
    guard let new else { throw Failure("no primary") }
    return new
  }

  func waitUntilLinked(_ replicas: [RedisServer]) throws {
    try eventually(within: .seconds(60), "\(replicas.count) replicas are linked") {
      try replicas.allSatisfy { try $0.info("replication")["master_link_status"] == "up" }
    }
  }

  func waitForSilenceEnd() throws { try load.goOn() }

  func cut() throws { try network?.cut() }
  func heal() throws { try network?.heal() }

  func sentinel(_ arguments: String...) throws {
    let reply = try sentinels[0].call(arguments)
    try check(reply == .simple("OK"), "SENTINEL \(arguments.joined(separator: " ")): \(reply)")
  }
}
