import Reactor
import TestSupport
import Testing
import Topology

@testable import Discovery

@Suite("Discovery of real servers")
struct StaticDiscoveryTests {
  /// What is done, and what must come to be known after it.
  typealias Step = (name: String, act: () throws -> Void, isReached: (TopologySnapshot) -> Bool)

  /// Goes through the steps, each within its own time.
  private func follow(
    primary: NodeAddress, replicas: [NodeAddress], maxLag: Double? = nil, _ steps: [Step]
  ) throws {
    let loop = try #require(EventLoop())
    defer { loop.destroy() }
    var rest = steps[...]
    var failure: (any Error)?
    var last: TopologySnapshot?
    func begin() {
      do { try rest.first?.act() } catch { failure = error }
      if rest.isEmpty || failure != nil { loop.stop() }
    }
    let discovery = StaticDiscovery(
      on: loop, primary: primary, replicas: replicas, maxLag: maxLag, settings: MonitorSettings(),
      handlers: .init(
        onUpdate: { update in
          last = update.snapshot
          guard rest.first?.isReached(update.snapshot) == true else { return }
          rest.removeFirst()
          begin()
        }, onCommands: { _ in }, onObservation: { _, _ in }))
    let guardian = TimerSource(on: loop, after: 30 * Double(steps.count)) {
      Issue.record("not reached: \(rest.first?.name ?? ""); last known: \(String(describing: last))")
      loop.stop()
    }
    begin()
    discovery.start()
    withExtendedLifetime(guardian) { loop.run() }
    discovery.cancel()
    if let failure { throw failure }
  }

  private func address(_ server: RedisServer, as host: String = "127.0.0.1") -> NodeAddress {
    NodeAddress(host: host, port: server.port)
  }

  @Test("A replica that hangs, is not there or has no address keeps nobody from the primary for long")
  func absentReplicas() throws {
    let primary = try RedisServer()
    let hung = try RedisServer()
    let dead = try RedisServer()
    hung.freeze()
    defer { hung.thaw() }
    dead.kill()
    let began = ContinuousClock.now
    try follow(
      primary: address(primary),
      replicas: [address(hung), address(dead), NodeAddress(host: "no-such-host.invalid", port: 6379)],
      [("the primary", {}, { $0.primary != nil && $0.replicas.allSatisfy { $0.fitness == .unreachable } })])
    // About two seconds, on a machine that does nothing else.
    #expect(began.duration(to: .now) < .seconds(15))
  }

  @Test("A primary without replicas is found at once, and again when it was restarted")
  func alone() throws {
    let primary = try RedisServer()
    var restarted = ContinuousClock.now
    let began = ContinuousClock.now
    try follow(
      primary: address(primary), replicas: [],
      [
        ("the primary", {}, { $0.primary != nil }),
        (
          "it is gone",
          {
            #expect(began.duration(to: .now) < .seconds(10))
            primary.kill()
          }, { $0.primary == nil }
        ),
        (
          "it is back",
          {
            try primary.start()
            restarted = .now
          }, { $0.primary != nil }
        ),
      ])
    // Well below a second, on a machine that does nothing else.
    #expect(restarted.duration(to: .now) < .seconds(10))
  }

  @Test("A replica of a replica is not direct, until it follows the primary")
  func chain() throws {
    let group = try RedisGroup(replicas: 1)
    let below = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(group.replicas[0].port)"])
    // By name, the servers know each other as something else than the configuration does.
    try follow(
      primary: address(group.primary, as: "localhost"),
      replicas: [address(group.replicas[0], as: "localhost"), address(below)],
      [
        (
          "in a chain", {}, { $0.fitReplicas.count == 2 && $0.replicas.map(\.isDirect) == [true, false] }
        ),
        (
          "side by side",
          { try below.call("REPLICAOF", "127.0.0.1", "\(group.primary.port)") },
          { $0.fitReplicas.count == 2 && $0.replicas.map(\.isDirect) == [true, true] }
        ),
        (
          "without a primary", { group.primary.kill() },
          { $0.primary == nil && $0.replicas.allSatisfy { !$0.isDirect } }
        ),
      ])
  }

  @Test("A replica that gets nothing any more is lagging, until it has caught up")
  func lag() throws {
    let group = try RedisGroup(replicas: 1)
    let middle = group.replicas[0]
    let below = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(middle.port)"])
    defer { middle.thaw() }
    func fitness(_ fitness: ReplicaFitness) -> (TopologySnapshot) -> Bool {
      { $0.primary != nil && $0.replicas.map(\.fitness) == [fitness] }
    }
    // Its link seems well: whom it follows is frozen, not gone.
    try follow(
      primary: address(group.primary), replicas: [address(below)], maxLag: 0.2,
      [
        ("in step", {}, fitness(.fit)),
        (
          "behind",
          {
            middle.freeze()
            try group.primary.call("SET", "k", "v")
          }, fitness(.lagging)
        ),
        ("in step again", { middle.thaw() }, fitness(.fit)),
        (
          "behind again",
          {
            middle.freeze()
            try group.primary.call("SET", "k", "w")
          }, fitness(.lagging)
        ),
        (
          "the last one, without a primary", { group.primary.kill() },
          { $0.primary == nil && $0.fitReplicas.count == 1 }
        ),
      ])
  }
}
