import TestSupport
import Testing

@testable import Topology

/// Failovers of a model of four nodes, with what they and the names say delayed, doubled, out of order or lost.
@Suite("What holds of every topology that names give")
struct DNSTopologyInvariantTests {
  @Test("Never unproven, never an older one; and when all settles, the right one", arguments: 0..<20)
  func invariants(block: Int) {
    for seed in 0..<25 {
      var model = DNSModel(seed: UInt64(block * 25 + seed))
      model.run(steps: 150)
      model.settle()
      #expect(
        model.topology.snapshot.primary == model.truth,
        "seed \(model.seed): \(model.topology.snapshot), truth: \(model.truth)")
      #expect(model.faults.isEmpty, "seed \(model.seed)")
    }
  }
}

/// The truth, the mail under way, and the topology that gets it.
struct DNSModel {
  struct Node {
    var isAlive = true
    var isListed = true
    var info: ReplicationInfo
    var life = 0
  }
  enum Mail {
    case node(NodeAddress, Node, asked: Double)
    case names([NodeAddress])
  }
  enum Phase {
    case none
    /// The primary is lost, or about to be replaced.
    case choosing
    case promoted(NodeAddress)
  }

  static let all = [p, a, b, c]
  let seed: UInt64
  var topology = DNSTopology()
  var nodes: [NodeAddress: Node]
  var truth = p
  var phase = Phase.none
  var now = 0.0
  var mail: [(due: Double, mail: Mail)] = []
  var dice: SeededGenerator
  var reign = 0
  var faults: [String] = []
  var heard: [(now: Double, mail: Mail, made: TopologySnapshot)] = []
  var lastSaid: [NodeAddress: (asked: Double, info: ReplicationInfo?)] = [:]
  /// The highest reign that was ever believed.
  var highest = 0

  init(seed: UInt64) {
    self.seed = seed
    dice = SeededGenerator(seed: seed)
    nodes = [p: Node(info: primaryInfo("0"))]
    for node in [a, b, c] { nodes[node] = Node(info: replicaInfo(of: p, "0")) }
    topology.named(Self.all, isWhole: true, now: 0)
    for node in Self.all { if let state = nodes[node] { hand(.node(node, state, asked: 0)) } }
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      now += Double.random(in: 0.01...0.5, using: &dice)
      act()
      speak()
      deliver()
    }
  }

  /// One step of the world.
  private mutating func act() {
    switch phase {
    case .none:
      if chance(8) {
        if chance(60) { nodes[truth]?.isAlive = false }
        phase = .choosing
      }
    case .choosing:
      let candidates = Self.all.filter { $0 != truth && nodes[$0]?.isAlive == true && nodes[$0]?.info.role == .replica }
      if chance(40), let chosen = candidates.randomElement(using: &dice) {
        reign += 1
        let old = nodes[truth]?.info.replicationID ?? ""
        nodes[chosen]?.info = primaryInfo("\(reign)", after: old)
        truth = chosen
        phase = .promoted(chosen)
      }
    case .promoted(let chosen):
      let late = Self.all.filter {
        $0 != chosen && nodes[$0]?.info.role == .replica && nodes[$0]?.info.replicationID != "\(reign)"
      }
      if let one = late.randomElement(using: &dice) {
        if chance(40) { nodes[one]?.info = replicaInfo(of: chosen, "\(reign)") }
      } else if chance(30) {
        phase = .none
      }
    }
    for node in Self.all where node != truth {
      // Whoever was a primary comes back as one, and is made a replica some time later.
      if nodes[node]?.isAlive == false, chance(8) {
        nodes[node]?.isAlive = true
        if chance(50) { nodes[node]?.life += 1 }
      }
      if case .none = phase, nodes[node]?.info.role == .primary, nodes[node]?.isAlive == true, chance(10) {
        nodes[node]?.info = replicaInfo(of: truth, "\(reign)")
      }
    }
    // Links of replicas come and go; so does what the names stand for, as pods are ready or not.
    for node in Self.all where nodes[node]?.info.role == .replica && chance(5) { nodes[node]?.info.isLinked.toggle() }
    let before = listed
    for node in Self.all where chance(3) {
      if nodes[node]?.isListed == true, nodes[node]?.isAlive == false { nodes[node]?.isListed = false }
      if nodes[node]?.isListed == false, nodes[node]?.isAlive == true { nodes[node]?.isListed = true }
    }
    if before != listed { send(.names(listed.shuffled(using: &dice))) }
  }

  private var listed: [NodeAddress] { Self.all.filter { nodes[$0]?.isListed == true } }

  private mutating func speak() {
    for node in Self.all where chance(60) {
      if let state = nodes[node] { send(.node(node, state, asked: now)) }
    }
    if chance(10) { send(.names(listed)) }
  }

  private mutating func send(_ item: Mail) {
    if chance(15) { return }
    for _ in 0..<(chance(15) ? 2 : 1) { mail.append((now + Double.random(in: 0...0.5, using: &dice), item)) }
  }

  private mutating func deliver() {
    let due = mail.filter { $0.due <= now }.shuffled(using: &dice)
    mail.removeAll { $0.due <= now }
    for item in due { hand(item.mail) }
    topology.pass(to: now)
    check()
  }

  private mutating func hand(_ item: Mail) {
    switch item {
    case .node(let node, let state, let asked):
      let isHeard = topology.watched.contains(node) && asked >= lastSaid[node]?.asked ?? -1
      // On one connection a node is described before it speaks, and mail of an earlier one does not come later.
      guard asked >= lastSaid[node]?.asked ?? -1 else { break }
      if state.isAlive {
        topology.describe(node, runID: "\(node.host)\(state.life)")
        topology.observe(node, .answered(state.info, isLoading: false), during: asked...now)
      } else {
        topology.observe(node, gone, during: asked...now)
      }
      if isHeard { lastSaid[node] = (asked, state.isAlive ? state.info : nil) }
    case .names(let nodes):
      topology.named(nodes, isWhole: true, now: now)
    }
    heard.append((now, item, topology.snapshot))
    check()
  }

  private mutating func check() {
    guard faults.isEmpty else { return }
    defer { if !faults.isEmpty { faults += heard.suffix(40).map { "\($0)" } } }
    let snapshot = topology.snapshot
    if let primary = snapshot.primary {
      let said = lastSaid[primary]?.info
      if said?.role != .primary { faults.append("\(primary) did not say that it is the primary") }
      let its = said.flatMap { Int($0.replicationID) } ?? -1
      if its < highest { faults.append("\(primary) of reign \(its) after \(highest)") }
      highest = max(highest, its)
      if snapshot.replicas.contains(where: { $0.node == primary }) { faults.append("\(primary) is a replica too") }
    }
    for replica in snapshot.fitReplicas where lastSaid[replica]?.info?.role != .replica {
      faults.append("\(replica) did not say that it is a replica")
    }
    if (snapshot.primary == nil) == snapshot.primaryAbsence.isEmpty { faults.append("no reason: \(snapshot)") }
    if Set(topology.watched).count != topology.watched.count { faults.append("watched twice") }
  }

  /// The world comes to rest, and everything said is heard.
  mutating func settle() {
    phase = .none
    for node in Self.all {
      nodes[node]?.isAlive = true
      nodes[node]?.isListed = true
      if node != truth { nodes[node]?.info = replicaInfo(of: truth, "\(reign)") }
    }
    mail = []
    for _ in 0..<10 {
      now += 1
      hand(.names(Self.all))
      for node in Self.all { if let state = nodes[node] { hand(.node(node, state, asked: now)) } }
    }
  }
}
