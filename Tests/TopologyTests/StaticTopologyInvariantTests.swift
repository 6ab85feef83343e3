import TestSupport
import Testing

@testable import Topology

/// Deaths, restarts and promotions by hand in a model of four nodes, with what they say delayed, doubled, out of order or
/// lost.
@Suite("What holds of every topology with a configured primary")
struct StaticTopologyInvariantTests {
  @Test("Never one that is known to have lost its place; and when all settles, the right one", arguments: 0..<20)
  func invariants(block: Int) {
    for seed in 0..<15 {
      var model = StaticModel(seed: UInt64(block * 15 + seed))
      model.run(steps: 150)
      model.settle()
      #expect(model.isSettled, "seed \(model.seed): \(model.topology.snapshot), truth: \(model.truth)")
      #expect(model.faults.isEmpty, "seed \(model.seed)")
    }
  }
}

/// The truth, the mail under way, and the topology that gets it.
struct StaticModel {
  struct Node {
    var isAlive = true
    var info: ReplicationInfo
    var life = 0
  }
  struct Mail {
    var due: Double
    var node: NodeAddress
    var asked: Double
    /// Nothing when it was not reached.
    var said: ReplicationInfo?
    var life: Int
  }
  struct Word {
    var asked: Double
    var said: ReplicationInfo?
    var life: Int
  }
  enum Phase {
    case none
    /// Somebody thinks that the primary is to be replaced.
    case choosing
    case promoted(NodeAddress)
  }
  /// That a node has lost its place to another, and what of it has been heard.
  struct Loss {
    var to: NodeAddress
    var at: Double
    /// When the other was first heard to be a primary, after it was heard to be a replica in the same life.
    var turnHeardAt: Double?
    /// The loser was out of reach by then.
    var wasAway = false
    var isBelieved = false
    /// When the other was first heard to be a primary, in this life of it.
    var claimHeardAt: Double?
    /// The loser was believed all the same, long after: nobody followed the other, so it was a copy.
    var isCopy = false
  }

  static let all = [p, a, b, c]
  let seed: UInt64
  let learns: Bool
  var topology: StaticTopology
  var nodes: [NodeAddress: Node]
  var truth = p
  var phase = Phase.none
  var now = 0.0
  var mail: [Mail] = []
  var dice: SeededGenerator
  var histories = 0
  var losses: [NodeAddress: Loss] = [:]
  var heard: [NodeAddress: Word] = [:]
  /// What was believed last, and as what.
  var believed: (node: NodeAddress, life: Int, history: String)?
  var faults: [String] = []
  var story: [(now: Double, mail: Mail, made: TopologySnapshot)] = []

  init(seed: UInt64) {
    self.seed = seed
    dice = SeededGenerator(seed: seed)
    learns = seed % 2 == 0
    topology = StaticTopology(primary: p, replicas: learns ? [] : [a, b, c])
    nodes = [p: Node(info: primaryInfo("h0"))]
    for node in [a, b, c] { nodes[node] = Node(info: replicaInfo(of: p, "h0")) }
    for node in Self.all { hand(word(of: node, due: 0)) }
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      now += Double.random(in: 0.01...0.5, using: &dice)
      act()
      if chance(2) { reload() }
      speak()
      deliver()
    }
  }

  /// Another look begins, which goes on from what is known. What it connects anew has nothing more to say of before.
  private mutating func reload() {
    let known = topology
    topology = StaticTopology(primary: p, replicas: learns ? [] : [a, b, c])
    topology.goOn(from: known)
    (mail, heard) = ([], [:])
  }

  // MARK: - The world

  private mutating func act() {
    switch phase {
    case .none:
      if chance(8) {
        if chance(70) { nodes[truth]?.isAlive = false }
        phase = .choosing
      }
    case .choosing:
      if chance(20) {
        comeBack(truth)
        phase = .none
      } else if chance(40), let chosen = candidates.randomElement(using: &dice) {
        promote(chosen)
      }
    case .promoted(let chosen):
      let late = Self.all.filter { $0 != chosen && isReplica($0) && nodes[$0]?.info.primary != chosen }
      if let one = late.randomElement(using: &dice) {
        if chance(25) { nodes[one]?.info.primary = chosen }
      } else if chance(30) {
        phase = .none
      }
    }
    for node in Self.all where node != truth {
      if nodes[node]?.isAlive == false, chance(8) { comeBack(node) }
      if case .none = phase, !isReplica(node), nodes[node]?.isAlive == true, chance(10) { demote(node) }
    }
    for node in Self.all where isReplica(node) && chance(30) { copy(node) }
  }

  private var candidates: [NodeAddress] {
    Self.all.filter { $0 != truth && nodes[$0]?.isAlive == true && isReplica($0) }
  }

  private func isReplica(_ node: NodeAddress) -> Bool { nodes[node]?.info.role == .replica }

  private mutating func promote(_ chosen: NodeAddress) {
    histories += 1
    let before = history(of: chosen)
    nodes[chosen]?.info = primaryInfo("h\(histories)", after: before)
    losses[chosen] = nil
    losses[truth] = Loss(to: chosen, at: now)
    truth = chosen
    phase = .promoted(chosen)
  }

  /// It was only hung, or is started again: then it is another process, and a primary begins another history.
  private mutating func comeBack(_ node: NodeAddress) {
    guard nodes[node]?.isAlive == false else { return }
    nodes[node]?.isAlive = true
    guard chance(60) else { return }
    nodes[node]?.life += 1
    guard !isReplica(node) else { return }
    histories += 1
    nodes[node]?.info = primaryInfo("h\(histories)")
  }

  private mutating func demote(_ node: NodeAddress) {
    let before = history(of: node)
    nodes[node]?.info = replicaInfo(of: truth, before)
    losses[node] = nil
  }

  /// A replica takes over the history of whom it follows.
  private mutating func copy(_ node: NodeAddress) {
    guard let followed = nodes[node]?.info.primary, nodes[followed]?.isAlive == true, nodes[node]?.isAlive == true
    else {
      return
    }
    let copied = history(of: followed)
    nodes[node]?.info.replicationID = copied
  }

  private func history(of node: NodeAddress) -> String { nodes[node]?.info.replicationID ?? "" }

  private func isLinked(_ node: NodeAddress) -> Bool {
    guard let own = nodes[node], let followed = own.info.primary, let other = nodes[followed] else { return false }
    return other.isAlive && other.info.replicationID == own.info.replicationID
  }

  // MARK: - What is said of it

  private func word(of node: NodeAddress, due: Double) -> Mail {
    var mail = Mail(due: due, node: node, asked: now, said: nil, life: nodes[node]?.life ?? 0)
    guard let own = nodes[node], own.isAlive else { return mail }
    var info = own.info
    if info.role == .replica {
      info.isLinked = isLinked(node)
    } else {
      info.replicas = Self.all.filter { nodes[$0]?.info.primary == node && isLinked($0) }.map {
        .init(address: $0, isOnline: true)
      }
    }
    mail.said = info
    return mail
  }

  private mutating func speak() {
    for node in Self.all where chance(60) && !chance(15) {
      for _ in 0..<(chance(15) ? 2 : 1) { mail.append(word(of: node, due: now + .random(in: 0...0.5, using: &dice))) }
    }
  }

  private mutating func deliver() {
    let due = mail.filter { $0.due <= now }.shuffled(using: &dice)
    mail.removeAll { $0.due <= now }
    for item in due { hand(item) }
    topology.pass(to: now)
    check()
  }

  private mutating func hand(_ item: Mail) {
    // On one connection a node is described before it speaks, and mail of an earlier one does not come later.
    guard item.asked >= heard[item.node]?.asked ?? -1 else { return }
    if topology.watched.contains(item.node) { note(item) }
    if let info = item.said {
      topology.describe(item.node, runID: "\(item.node.host)\(item.life)")
      topology.observe(item.node, .answered(info, isLoading: false), during: item.asked...now)
    } else {
      topology.observe(item.node, gone, during: item.asked...now)
    }
    heard = heard.filter { topology.watched.contains($0.key) }
    story.append((now, item, topology.snapshot))
    check()
  }

  private mutating func note(_ item: Mail) {
    let before = heard[item.node]
    for (loser, loss) in losses where loss.to == item.node && item.asked >= loss.at {
      var loss = loss
      if let before, before.life != item.life { (loss.claimHeardAt, loss.isCopy) = (nil, false) }
      if item.said?.role == .primary, loss.claimHeardAt == nil { loss.claimHeardAt = now }
      losses[loser] = loss
    }
    for (loser, loss) in losses where loss.to == item.node && loss.turnHeardAt == nil {
      guard item.asked >= loss.at, item.said?.role == .primary, before?.said?.role == .replica,
        before?.life == item.life
      else { continue }
      losses[loser]?.turnHeardAt = now
      losses[loser]?.wasAway = heard[loser].map { $0.said == nil } ?? false
    }
    heard[item.node] = Word(asked: item.asked, said: item.said, life: item.life)
  }

  // MARK: - What must hold

  private mutating func check() {
    guard faults.isEmpty else { return }
    defer { if !faults.isEmpty { faults += story.suffix(60).map { "\($0)" } } }
    let snapshot = topology.snapshot
    if let primary = snapshot.primary {
      let own = heard[primary]
      if own?.said?.role != .primary { faults.append("\(primary) did not say that it is the primary") }
      if let why = knownLoss(of: primary) { faults.append("\(primary) has lost its place: \(why)") }
      if snapshot.replicas.contains(where: { $0.node == primary }) { faults.append("\(primary) is a replica too") }
      for loser in losses.keys where losses[loser]?.to == primary { losses[loser]?.isBelieved = true }
      // What was done while it was away is settled when it is agreed on afterwards.
      if losses[primary]?.turnHeardAt != nil { losses[primary]?.wasAway = false }
      if let claimed = losses[primary]?.claimHeardAt, now - claimed > 4.9 { losses[primary]?.isCopy = true }
      believed = (primary, own?.life ?? 0, own?.said?.replicationID ?? "")
    }
    for replica in snapshot.fitReplicas where heard[replica]?.said?.role != .replica {
      faults.append("\(replica) did not say that it is a replica")
    }
    if (snapshot.primary == nil) == snapshot.primaryAbsence.isEmpty { faults.append("no reason: \(snapshot)") }
    if Set(topology.watched).count != topology.watched.count { faults.append("watched twice") }
  }

  /// Why a node that has lost its place can be known to have, by what has been heard; nothing when it cannot.
  private func knownLoss(of node: NodeAddress) -> String? {
    guard let loss = losses[node] else { return nil }
    if loss.isBelieved { return "\(loss.to) was believed to have it" }
    guard let other = heard[loss.to], other.asked >= loss.at, let said = other.said, said.role == .primary else {
      return nil
    }
    if !followers(of: loss.to).isEmpty { return "\(loss.to) is followed" }
    if let turned = loss.turnHeardAt, now - turned < 4.9 { return "\(loss.to) has just turned" }
    guard followers(of: node).isEmpty, let believed, said.previousReplicationID == believed.history else { return nil }
    if loss.wasAway { return "\(loss.to) was promoted while it was away" }
    if loss.isCopy { return nil }
    return believed.node == node && believed.life != heard[node]?.life ? "it was restarted" : nil
  }

  private func followers(of node: NodeAddress) -> [NodeAddress] {
    Self.all.filter {
      guard let said = heard[$0]?.said else { return false }
      return said.role == .replica && said.isLinked && said.replicationID == heard[node]?.said?.replicationID
    }
  }

  // MARK: -

  /// The world comes to rest, and everything said is heard.
  mutating func settle() {
    phase = .none
    for node in Self.all { nodes[node]?.isAlive = true }
    for node in Self.all {
      if node != truth {
        demote(node)
        copy(node)
      }
    }
    mail = []
    for _ in 0..<10 {
      now += 1
      for node in Self.all { hand(word(of: node, due: now)) }
    }
  }

  /// Whom nobody has ever named is not found.
  var isSettled: Bool { topology.snapshot.primary == truth || !topology.watched.contains(truth) }
}
