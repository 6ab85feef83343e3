import TestSupport
import Testing
import Topology

/// Failovers of a model of three nodes and three Sentinels, with everything they say delayed, doubled, out of order or lost.
@Suite("What holds of every topology that Sentinels name")
struct SentinelTopologyInvariantTests {
  @Test("Never two, never unproven, never an older one; and when all settles, the right one", arguments: 0..<20)
  func invariants(block: Int) {
    for seed in 0..<10 { Self.play(seed: UInt64(block * 10 + seed)) }
  }

  static func play(seed: UInt64) {
    var model = FailoverModel(seed: seed)
    model.run(steps: 100)
    model.settle()
    #expect(
      model.topology.snapshot.primary == model.truth,
      "seed \(seed): \(model.topology.snapshot), truth: \(model.truth)")
    #expect(model.faults.isEmpty, "seed \(seed)")
  }
}

/// The truth, the mail under way, and the topology that gets it.
struct FailoverModel {
  struct Node {
    var isAlive = true
    var info: ReplicationInfo
    var life = 0
  }
  struct Sentinel {
    var isReachable = true
    var primary = p
    var epoch: UInt64 = 1
    var deposed: NodeAddress?
    var failing = false
    var selected: NodeAddress?
  }
  enum Mail {
    case node(NodeAddress, Node, asked: Double)
    case answer(String, SentinelAnswer, asked: Double)
    case event(String, SentinelEvent)
    case sentinelLost(String)
  }
  enum Phase {
    case none
    case selecting(String)
    case promoting(String, NodeAddress)
    case promoted(String, NodeAddress)
  }

  var topology = SentinelTopology(name: "mymaster")
  var nodes: [NodeAddress: Node]
  var sentinels = ["s1": Sentinel(), "s2": Sentinel(), "s3": Sentinel()]
  var truth = p
  var epoch: UInt64 = 1
  var phase = Phase.none
  var now = 0.0
  var mail: [(due: Double, mail: Mail)] = []
  var dice: SeededGenerator
  var histories = 0
  /// The first thing that did not hold, and what was heard before it.
  var faults: [String] = []
  var heard: [(now: Double, mail: Mail, made: TopologySnapshot)] = []

  // What the invariants need to know of the mail that was delivered.
  var lastSaid: [NodeAddress: (asked: Double, isPrimary: Bool)] = [:]
  var lastAccusation: [NodeAddress: Double] = [:]
  var highest: UInt64 = 0

  init(seed: UInt64) {
    dice = SeededGenerator(seed: seed)
    nodes = [
      p: Node(info: primaryInfo("h0")), a: Node(info: replicaInfo(of: p, "h0")),
      b: Node(info: replicaInfo(of: p, "h0")),
    ]
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      now += Double.random(in: 0.01...0.3, using: &dice)
      act()
      speak()
      deliver()
    }
  }

  /// One step of the world.
  private mutating func act() {
    switch phase {
    case .none:
      if chance(10) {
        guard let leader = ["s1", "s2", "s3"].randomElement(using: &dice) else { return }
        if chance(50) { nodes[truth]?.isAlive = false }
        phase = .selecting(leader)
        sentinels[leader]?.failing = true
        send(.event(leader, .failover(against: truth)))
      }
    case .selecting(let leader):
      if chance(15) {
        phase = .none
        sentinels[leader]?.failing = false
        nodes[truth]?.isAlive = true
        send(.event(leader, .changed))
      } else if chance(40), let chosen = [p, a, b].filter({ $0 != truth && nodes[$0]?.isAlive == true }).first {
        sentinels[leader]?.selected = chosen
        phase = .promoting(leader, chosen)
        send(.event(leader, .selected(chosen, insteadOf: truth)))
      }
    case .promoting(let leader, let chosen):
      if nodes[chosen]?.info.role == .replica {
        histories += 1
        let old = nodes[truth]?.info.replicationID ?? ""
        nodes[chosen]?.info = primaryInfo("h\(histories)", after: old)
        send(.node(chosen, Node(isAlive: false, info: primaryInfo("")), asked: now))
      } else if chance(30) {
        epoch += 1
        sentinels[leader]?.epoch = epoch
        sentinels[leader]?.primary = chosen
        sentinels[leader]?.deposed = truth
        send(.event(leader, .selected(chosen, insteadOf: truth)))
        phase = .promoted(leader, chosen)
      }
    case .promoted(let leader, let chosen):
      if let late = sentinels.keys.sorted().first(where: { sentinels[$0]?.epoch != epoch }) {
        if chance(40) {
          sentinels[late] = Sentinel(
            isReachable: sentinels[late]?.isReachable ?? true, primary: chosen, epoch: epoch)
          send(.event(late, .switched(from: truth, to: chosen)))
        }
      } else if chance(30) {
        send(.event(leader, .switched(from: truth, to: chosen)))
        sentinels[leader] = Sentinel(
          isReachable: sentinels[leader]?.isReachable ?? true, primary: chosen, epoch: epoch)
        let history = nodes[chosen]?.info.replicationID ?? ""
        for node in [p, a, b] where node != chosen && node != truth {
          nodes[node]?.info = replicaInfo(of: chosen, history)
        }
        truth = chosen
        phase = .none
      }
    }
    // Whoever was a primary comes back as one, and is made a replica some time later.
    let history = nodes[truth]?.info.replicationID ?? ""
    for node in [p, a, b] where node != truth {
      if nodes[node]?.isAlive == false, chance(5) {
        nodes[node]?.isAlive = true
        if chance(50) { nodes[node]?.life += 1 }
      }
      if case .none = phase, nodes[node]?.info.role == .primary, chance(10) {
        nodes[node]?.info = replicaInfo(of: truth, history)
      }
    }
    if chance(4), let one = ["s1", "s2", "s3"].randomElement(using: &dice) {
      sentinels[one]?.isReachable.toggle()
      if sentinels[one]?.isReachable == false { send(.sentinelLost(one)) }
    }
  }

  /// Everybody may be asked and says how it is.
  private mutating func speak() {
    for node in [p, a, b] where chance(60) {
      if let state = nodes[node] { send(.node(node, state, asked: now)) }
    }
    for id in sentinels.keys.sorted() where chance(60) && sentinels[id]?.isReachable == true {
      send(.answer(id, answer(id), asked: now))
    }
  }

  private func answer(_ id: String) -> SentinelAnswer {
    let own = sentinels[id] ?? Sentinel()
    return SentinelStory.answer(
      id, own.primary, epoch: own.epoch, deposed: own.deposed, failing: own.failing, selected: own.selected)
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
    defer { heard.append((now, item, topology.snapshot)) }
    switch item {
    case .node(let node, let state, let asked):
      let isHeard = topology.watched.contains(node) && asked >= lastSaid[node]?.asked ?? -1
      if state.isAlive {
        topology.describe(node, runID: "\(node.host)\(state.life)")
        topology.observe(node, .answered(state.info, isLoading: false), during: asked...now)
      } else {
        topology.observe(node, gone, during: asked...now)
      }
      if isHeard { lastSaid[node] = (asked, state.isAlive && state.info.role == .primary) }
    case .answer(let id, let answer, let asked):
      topology.answered(answer, by: id, at: SentinelStory.sentinel(id), during: asked...now)
    case .event(let id, let event):
      switch event {
      case .failover(let old), .selected(_, let old), .switched(let old, _), .down(let old): lastAccusation[old] = now
      case .changed: break
      }
      topology.happened(event, at: id, now: now)
    case .sentinelLost(let id):
      topology.lost(sentinelAt: SentinelStory.sentinel(id), why: "connection refused", now: now)
    }
    check()
  }

  private mutating func check() {
    guard faults.isEmpty else { return }
    defer { if !faults.isEmpty { faults += heard.suffix(60).map { "\($0)" } } }
    let snapshot = topology.snapshot
    if let primary = snapshot.primary {
      let said = lastSaid[primary]
      if said?.isPrimary != true { faults.append("\(primary) did not say that it is the primary") }
      if let accused = lastAccusation[primary], said?.asked ?? -1 < accused {
        faults.append("\(primary) has not said so since the evidence against it")
      }
      if snapshot.replicas.contains(where: { $0.node == primary }) { faults.append("\(primary) is a replica too") }
      if snapshot.epoch < highest { faults.append("\(primary) at \(snapshot.epoch) after \(highest)") }
      highest = max(highest, snapshot.epoch)
    }
    if (snapshot.primary == nil) == snapshot.primaryAbsence.isEmpty { faults.append("no reason: \(snapshot)") }
    if Set(topology.watched).count != topology.watched.count { faults.append("watched twice") }
  }

  /// The world comes to rest, and everything said is heard.
  mutating func settle() {
    while true {
      if case .none = phase { break }
      now += 0.1
      act()
    }
    let history = nodes[truth]?.info.replicationID ?? ""
    for node in [p, a, b] {
      nodes[node]?.isAlive = true
      if node != truth { nodes[node]?.info = replicaInfo(of: truth, history) }
    }
    mail = []
    for _ in 0..<30 {
      now += 1
      for id in sentinels.keys.sorted() {
        sentinels[id]?.isReachable = true
        hand(.answer(id, answer(id), asked: now))
      }
      for node in [p, a, b] { if let state = nodes[node] { hand(.node(node, state, asked: now)) } }
    }
  }
}
