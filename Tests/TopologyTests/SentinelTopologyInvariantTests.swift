import TestSupport
import Testing
import Topology

/// Failovers of a model of three nodes and three Sentinels, leaders that die, handovers by hand and Sentinels made anew, with
/// everything they say delayed, doubled, out of order or lost.
@Suite("What holds of every topology that Sentinels name")
struct SentinelTopologyInvariantTests {
  @Test(
    "Never one that the truth does not allow, never an older one; and when all settles, the right one",
    arguments: 0..<20)
  func invariants(block: Int) {
    for seed in 0..<10 { Self.play(seed: UInt64(block * 10 + seed)) }
  }

  static func play(seed: UInt64) {
    var model = FailoverModel(seed: seed)
    model.run(steps: 100)
    model.settle()
    #expect(
      model.isSettled,
      "seed \(seed): \(model.topology.snapshot), truth: \(model.truth)")
    #expect(model.faults.isEmpty, "seed \(seed)")
  }
}

/// The truth, the mail under way, and the topology that gets it.
///
/// The third Sentinel calls nodes by their addresses, the others by their names: each is asked under both.
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
  /// That a leader has promoted a node, which it has yet to name.
  struct Promotion {
    var node: NodeAddress
    var epoch: UInt64
    var leader: String
  }

  static let all = [p, a, b]
  var topology = SentinelTopology(name: "mymaster")
  var nodes: [NodeAddress: Node]
  var ids = ["s1", "s2", "s3"]
  var sentinels = ["s1": Sentinel(), "s2": Sentinel(), "s3": Sentinel()]
  /// Whom the Sentinels mean, and who has taken over by hand since.
  var named = p
  var successor: NodeAddress?
  /// The config epoch of the one that is meant, and the highest that any election has used.
  var reign: UInt64 = 1
  var epoch: UInt64 = 1
  var phase = Phase.none
  var now = 0.0
  var mail: [(due: Double, mail: Mail)] = []
  var dice: SeededGenerator
  var histories = 0
  /// The first thing that did not hold, and what was heard before it.
  var faults: [String] = []
  var heard: [(now: Double, mail: Mail, made: TopologySnapshot)] = []

  // The truth of the past.
  var rightful: [UInt64: Set<NodeAddress>] = [1: [p]]
  var promotions: [Promotion] = []
  var remakes = 0

  // What the invariants need to know of the mail that was delivered.
  var lastSaid: [NodeAddress: (asked: Double, isPrimary: Bool)] = [:]
  var turnHeard: [NodeAddress: Double] = [:]
  var lastAccusation: [NodeAddress: Double] = [:]
  var lostSentinels: Set<String> = []
  var heardSentinels: Set<String> = []
  var heardEpochs: Set<UInt64> = []
  var highest: UInt64 = 0

  init(seed: UInt64) {
    dice = SeededGenerator(seed: seed)
    nodes = [
      p: Node(info: primaryInfo("h0")), a: Node(info: replicaInfo(of: p, "h0")),
      b: Node(info: replicaInfo(of: p, "h0")),
    ]
  }

  var truth: NodeAddress { successor ?? named }

  static func alias(_ node: NodeAddress) -> NodeAddress { NodeAddress(host: "10.0.0.\(node.host)", port: node.port) }
  static func name(_ node: NodeAddress) -> NodeAddress {
    node.host.hasPrefix("10.0.0.") ? NodeAddress(host: String(node.host.dropFirst(7)), port: node.port) : node
  }
  private func spelled(_ node: NodeAddress, by sentinel: String) -> NodeAddress {
    sentinel == ids[2] ? Self.alias(node) : node
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

  // MARK: - The world

  /// One step of the world.
  private mutating func act() {
    switch phase {
    case .none:
      if chance(10), let leader = ids.randomElement(using: &dice) {
        begin(leader)
      } else if chance(2) {
        handOver()
      } else if chance(1) {
        remakeSentinels()
      }
    case .selecting(let leader):
      if chance(15) {
        phase = .none
        sentinels[leader]?.failing = false
        nodes[named]?.isAlive = true
        send(.event(leader, .changed))
      } else if chance(8) {
        kill(leader)
      } else if chance(40), let chosen = candidates.first {
        sentinels[leader]?.selected = chosen
        phase = .promoting(leader, chosen)
        publish(leader, chosen)
      }
    case .promoting(let leader, let chosen):
      if nodes[chosen]?.info.role == .replica {
        promote(chosen)
        promotions.append(Promotion(node: chosen, epoch: reign + 1, leader: leader))
        send(.node(chosen, Node(isAlive: false, info: primaryInfo("")), asked: now))
      } else if chance(10) {
        kill(leader)
      } else if chance(30) {
        epoch += 1
        reign = epoch
        rightful[reign, default: []].insert(chosen)
        sentinels[leader]?.epoch = epoch
        sentinels[leader]?.primary = chosen
        sentinels[leader]?.deposed = named
        publish(leader, chosen)
        phase = .promoted(leader, chosen)
      }
    case .promoted(let leader, let chosen): spread(leader, chosen)
    }
    live()
    if chance(4), let one = ids.randomElement(using: &dice) {
      sentinels[one]?.isReachable.toggle()
      if sentinels[one]?.isReachable == false { send(.sentinelLost(one)) }
    }
  }

  private mutating func begin(_ leader: String) {
    if chance(50) { nodes[truth]?.isAlive = false }
    phase = .selecting(leader)
    sentinels[leader]?.failing = true
    send(.event(leader, .failover(against: spelled(named, by: leader))))
  }

  private var candidates: [NodeAddress] {
    Self.all.filter { $0 != named && nodes[$0]?.isAlive == true && nodes[$0]?.info.role == .replica }
  }

  private mutating func promote(_ node: NodeAddress) {
    histories += 1
    let before = history(of: node)
    nodes[node]?.info = primaryInfo("h\(histories)", after: before)
  }

  private func history(of node: NodeAddress) -> String { nodes[node]?.info.replicationID ?? "" }

  /// The leader dies, and with it what it was about to do. Its election has used an epoch up.
  private mutating func kill(_ leader: String) {
    let known = sentinels[leader]?.epoch ?? reign
    sentinels[leader] = Sentinel(isReachable: false, primary: named, epoch: known)
    send(.sentinelLost(leader))
    epoch += 1
    phase = .none
  }

  private mutating func spread(_ leader: String, _ chosen: NodeAddress) {
    if let late = ids.first(where: { sentinels[$0]?.primary != chosen || sentinels[$0]?.epoch != epoch }) {
      guard chance(40) else { return }
      let isReachable = sentinels[late]?.isReachable ?? true
      sentinels[late] = Sentinel(isReachable: isReachable, primary: chosen, epoch: epoch)
      send(.event(late, .switched(from: spelled(named, by: late), to: spelled(chosen, by: late))))
    } else if chance(30) {
      send(.event(leader, .switched(from: spelled(named, by: leader), to: spelled(chosen, by: leader))))
      let isReachable = sentinels[leader]?.isReachable ?? true
      sentinels[leader] = Sentinel(isReachable: isReachable, primary: chosen, epoch: epoch)
      let history = history(of: chosen)
      for node in Self.all where node != chosen && nodes[node]?.info.role == .replica {
        nodes[node]?.info = replicaInfo(of: chosen, history)
      }
      (named, successor) = (chosen, nil)
      phase = .none
    }
  }

  /// `FAILOVER TO`: Sentinel goes on naming the one that gave its place away.
  private mutating func handOver() {
    guard successor == nil, nodes[named]?.isAlive == true, let chosen = candidates.last else { return }
    guard !Self.all.contains(where: { $0 != named && nodes[$0]?.info.role == .primary }) else { return }
    promote(chosen)
    let history = history(of: chosen)
    for node in Self.all where node != chosen { nodes[node]?.info = replicaInfo(of: chosen, history) }
    successor = chosen
    rightful[reign, default: []].insert(chosen)
  }

  /// New pods in the place of all, which know nothing of the past.
  private mutating func remakeSentinels() {
    guard remakes == 0, successor == nil, nodes[named]?.isAlive == true else { return }
    remakes += 1
    for id in ids { send(.sentinelLost(id)) }
    ids = ["t1", "t2", "t3"]
    sentinels = [:]
    for id in ids { sentinels[id] = Sentinel(primary: named, epoch: 0) }
    (reign, epoch) = (0, 0)
    // Epochs are used once more.
    for epoch in Array(rightful.keys) { rightful[epoch] = Set(Self.all) }
    rightful[0] = [named]
  }

  /// Whoever was a primary comes back as one, and is made a replica some time later.
  private mutating func live() {
    let truth = truth
    let history = history(of: truth)
    for node in Self.all where node != truth {
      if nodes[node]?.isAlive == false, chance(5) {
        nodes[node]?.isAlive = true
        if chance(50) { nodes[node]?.life += 1 }
      }
      if case .none = phase, nodes[node]?.info.role == .primary, chance(10) {
        nodes[node]?.info = replicaInfo(of: truth, history)
      }
    }
  }

  // MARK: - What is said of it

  private mutating func publish(_ leader: String, _ chosen: NodeAddress) {
    send(.event(leader, .selected(spelled(chosen, by: leader), insteadOf: spelled(named, by: leader))))
  }

  /// Everybody may be asked and says how it is.
  private mutating func speak() {
    for node in Self.all {
      for address in [node, Self.alias(node)] where chance(60) {
        if let state = nodes[node] { send(.node(address, state, asked: now)) }
      }
    }
    for id in ids where chance(60) && sentinels[id]?.isReachable == true {
      send(.answer(id, answer(id), asked: now))
    }
  }

  private func answer(_ id: String) -> SentinelAnswer {
    let own = sentinels[id] ?? Sentinel()
    var answer = SentinelAnswer(
      primary: spelled(own.primary, by: id), deposed: own.deposed.map { spelled($0, by: id) }, configEpoch: own.epoch,
      isFailingOver: own.failing)
    answer.replicas = Self.all.filter { $0 != (own.deposed ?? own.primary) }.map {
      .init(address: spelled($0, by: id), isSelected: $0 == own.selected)
    }
    answer.peers = ids.filter { $0 != id }.map { .init(id: $0, address: SentinelStory.sentinel($0)) }
    return answer
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
    case .node(let node, let state, let asked): hear(node, state, asked)
    case .answer(let id, let answer, let asked):
      topology.answered(answer, by: id, at: SentinelStory.sentinel(id), during: asked...now)
      lostSentinels.remove(id)
      heardSentinels.insert(id)
      heardEpochs.insert(answer.configEpoch)
    case .event(let id, let event):
      switch event {
      case .failover(let old), .selected(_, let old), .switched(let old, _), .down(let old):
        // That an address which has not answered is the primary's, nobody can know.
        if lastSaid[old] != nil, topology.watched.contains(old) { lastAccusation[Self.name(old)] = now }
      case .changed: break
      }
      topology.happened(event, at: id, now: now)
    case .sentinelLost(let id):
      topology.lost(sentinelAt: SentinelStory.sentinel(id), why: "connection refused", now: now)
      lostSentinels.insert(id)
    }
    lastSaid = lastSaid.filter { topology.watched.contains($0.key) }
    heard.append((now, item, topology.snapshot))
    check()
  }

  private mutating func hear(_ node: NodeAddress, _ state: Node, _ asked: Double) {
    let isHeard = topology.watched.contains(node) && asked >= lastSaid[node]?.asked ?? -1
    if state.isAlive {
      topology.describe(node, runID: "\(Self.name(node).host)\(state.life)")
      topology.observe(node, .answered(state.info, isLoading: false), during: asked...now)
    } else {
      topology.observe(node, gone, during: asked...now)
    }
    guard isHeard else { return }
    let isPrimary = state.isAlive && state.info.role == .primary
    if isPrimary, lastSaid[node]?.isPrimary == false { turnHeard[node] = now }
    lastSaid[node] = (asked, isPrimary)
  }

  // MARK: - What must hold

  private mutating func check() {
    guard faults.isEmpty else { return }
    defer { if !faults.isEmpty { faults += heard.suffix(60).map { "\($0)" } } }
    let snapshot = topology.snapshot
    if let primary = snapshot.primary {
      let said = lastSaid[primary]
      if said?.isPrimary != true { faults.append("\(primary) did not say that it is the primary") }
      if let accused = lastAccusation[Self.name(primary)], said?.asked ?? -1 < accused {
        faults.append("\(primary) has not said so since the evidence against it")
      }
      if snapshot.replicas.contains(where: { $0.node == primary }) { faults.append("\(primary) is a replica too") }
      if snapshot.epoch < highest, remakes == 0 { faults.append("\(primary) at \(snapshot.epoch) after \(highest)") }
      if let why = wrong(Self.name(primary), snapshot.epoch) {
        faults.append("\(primary) at \(snapshot.epoch): \(why)")
      }
      if isNamed(snapshot.epoch) { highest = max(highest, snapshot.epoch) }
    }
    if (snapshot.primary == nil) == snapshot.primaryAbsence.isEmpty { faults.append("no reason: \(snapshot)") }
    if Set(topology.watched).count != topology.watched.count { faults.append("watched twice") }
  }

  /// Why the truth does not allow a primary at an epoch: then it is neither whom the Sentinels meant, nor who has taken over
  /// by hand, nor whom a leader that is there has promoted lately.
  private func wrong(_ node: NodeAddress, _ epoch: UInt64) -> String? {
    if isNamed(epoch), rightful[epoch]?.contains(node) == true { return nil }
    let own = promotions.filter { $0.node == node && ($0.epoch == epoch || remakes > 0) }
    guard !own.isEmpty else { return "it never was the primary" }
    if ids.allSatisfy({ lostSentinels.contains($0) || !heardSentinels.contains($0) }) {
      return topology.snapshot.primaryProof.contains("all replicas follow it") ? nil : "no sentinel answers"
    }
    guard own.contains(where: { !lostSentinels.contains($0.leader) }) else { return "its leader is lost" }
    let turned = [node, Self.alias(node)].compactMap { turnHeard[$0] }.max() ?? now
    return now - turned > 3.01 ? "nobody has named it for three seconds" : nil
  }

  /// Somebody has been heard to name somebody at an epoch.
  private func isNamed(_ epoch: UInt64) -> Bool { heardEpochs.contains(epoch) }

  /// The world comes to rest, and everything said is heard.
  mutating func settle() {
    while true {
      if case .none = phase { break }
      now += 0.1
      act()
    }
    let truth = truth
    let history = history(of: truth)
    for node in Self.all {
      nodes[node]?.isAlive = true
      if node != truth { nodes[node]?.info = replicaInfo(of: truth, history) }
    }
    mail = []
    if remakes > 0 { for id in ["s1", "s2", "s3"] { hand(.sentinelLost(id)) } }
    for _ in 0..<60 {
      now += 1
      for id in ids {
        sentinels[id]?.isReachable = true
        hand(.answer(id, answer(id), asked: now))
      }
      for node in Self.all {
        for address in [node, Self.alias(node)] {
          if let state = nodes[node] { hand(.node(address, state, asked: now)) }
        }
      }
    }
  }

  var isSettled: Bool { topology.snapshot.primary.map(Self.name) == truth }
}
