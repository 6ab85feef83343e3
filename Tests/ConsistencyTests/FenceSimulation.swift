import Consistency
import TestSupport

/// Workers, clients, a primary and replicas that fail in every way that is known, step by step in an order that the seed
/// decides; the only real thing in it is the ledger and what connections know of their coverage.
///
/// The model knows the truth: every read that a replica answers is checked against what was acknowledged before it was
/// sent.
final class FenceSimulation {
  static let keys = 4
  static let workers = 2
  static let lanes = 2
  /// The first primary, three replicas, and a replica of the last of these.
  static let nodes = 5

  var dice: SeededGenerator
  let ledger: SharedLedger
  var now = 0.0
  var nodes: [SimulatedNode] = []
  var workers: [SimulatedWorker] = []
  /// Writes whose connections are gone and that their node may execute yet.
  var orphans: [(node: SimulatedNode, process: Int, keys: [Int?])] = []

  /// The node that Redis itself holds for the primary; its stream is the truth.
  var primary = 0
  var reign: UInt64 = 1
  private var lastHistory = 0
  /// Of every version: where in its stream it was executed, and whether a failover lost it.
  var positions: [Int] = [0]
  var isLost: [Bool] = [false]
  /// Of every version: the batch that it was sent in.
  var tickets: [Ticket] = [0]
  /// Of every key: the versions that were acknowledged, in the order of acknowledgement.
  var acknowledged: [[Int]]

  /// Writes come in bursts: between them replicas catch up and reads get through to them.
  private var isWriting = true
  /// One step of this many is a fault; 0 for none.
  var faultsEvery: Int
  /// The first broken promise.
  var violation: String?
  /// Reads from replicas that had to see something.
  var checked = 0
  var failovers = 0

  init(seed: UInt64) {
    dice = SeededGenerator(seed: seed)
    ledger = SharedLedger(writers: seed % 2 == 0 ? 1 : 4)
    faultsEvery = [15, 40, 100, 300][Int(dice.next() % 4)]
    acknowledged = Array(repeating: [], count: Self.keys)
    for id in 0..<Self.nodes { nodes.append(SimulatedNode(id: id, isChained: id == Self.nodes - 1)) }
    nodes[0].isPrimary = true
    nodes[Self.nodes - 1].upstream = Self.nodes - 2
    for _ in 0..<Self.workers {
      let worker = SimulatedWorker()
      worker.reign = reign
      worker.lanes = (0..<Self.lanes).map { _ in primaryLane(of: worker) }
      worker.replicaLanes = nodes.map(replicaLane(to:))
      workers.append(worker)
    }
  }

  func roll(_ sides: Int) -> Int { Int(truncatingIfNeeded: dice.next() >> 33) % sides }
  func chance(_ sides: Int) -> Bool { roll(sides) == 0 }
  func pick<Element>(_ elements: [Element]) -> Element { elements[roll(elements.count)] }

  func newHistory() -> Int {
    lastHistory += 1
    return lastHistory
  }

  /// Runs until a promise is broken or the steps are done.
  func run(steps: Int) {
    for _ in 0..<steps where violation == nil {
      now += 0.002
      if faultsEvery > 0, chance(faultsEvery) { fault() } else { step() }
    }
  }

  private func step() {
    let worker = pick(workers)
    switch roll(20) {
    case 0, 1: if isWriting { write(chance(25) ? nil : roll(Self.keys), on: pick(worker.lanes), of: worker) }
    case 2, 3: for lane in worker.lanes where chance(2) { flush(lane) }
    case 4, 5, 6:
      for lane in worker.primaryLanes where !lane.requests.isEmpty && chance(lane.sluggishness) {
        repeat { execute(lane) } while !chance(4)
      }
    case 7, 8, 9:
      for lane in worker.primaryLanes where chance(lane.sluggishness) {
        repeat { deliver(lane, of: worker) } while !chance(4)
      }
    case 10, 11: for node in nodes where chance(3) { follow(node) }
    case 12, 13, 14: for lane in worker.replicaLanes where chance(2) { read(on: lane, of: worker) }
    case 15, 16:
      for lane in worker.replicaLanes where !lane.requests.isEmpty && chance(lane.sluggishness) {
        repeat { execute(lane) } while !chance(4)
      }
    case 17, 18:
      for lane in worker.replicaLanes where chance(lane.sluggishness) {
        repeat { deliver(lane, of: worker) } while !chance(4)
      }
    default: errand(for: worker)
    }
  }

  /// What happens now and then.
  private func errand(for worker: SimulatedWorker) {
    switch roll(7) {
    case 0: learnPrimary(worker)
    case 1: reconfigure(pick(nodes))
    case 2: executeOrphan()
    case 3: if ledger.needsProbe { probeOnly(worker) }
    case 4: isWriting = chance(3)
    // What may be forgotten is a matter of how much is read from replicas, not of what is.
    case 5: ledger.forget(upTo: Ticket(roll(Int(ledger.latest) + 1)))
    default: ask(pick(worker.replicaLanes))
    }
  }

  private func fault() {
    let node = pick(nodes)
    let worker = pick(workers)
    switch roll(12) {
    case 0, 1: lose(pick(worker.lanes), of: worker)
    case 2:
      let index = roll(Self.nodes)
      worker.replicaLanes[index] = replicaLane(to: nodes[index])
    case 3: node.isLinked = false
    case 4: if !node.isPrimary { startSync(node) }
    case 5: save(node)
    case 6: if !node.isPrimary { restart(node) }
    // The middle one: the one behind it copies old data then.
    case 7: if !nodes[Self.nodes - 2].isPrimary { restart(nodes[Self.nodes - 2]) }
    case 8: if chance(3) { recreateBacklog() }
    case 9: if chance(3) { restartPrimary() }
    default: if chance(2) { failOver() }
    }
  }

  /// Holds what a read has seen to what was acknowledged before it was sent.
  func check(_ read: SimulatedReplicaLane.Read, saw log: [SimulatedEntry], on node: SimulatedNode) {
    for (key, count) in read.acknowledged {
      var last = 0
      for version in acknowledged[key].prefix(count) where version > last && !isLost[version] { last = version }
      guard last > 0 else { continue }
      checked += 1
      if !has(log, last) {
        violation = "key \(key): write \(last) was acknowledged and node \(node.id) answered without it"
      }
    }
  }

  /// Holds what the ledger says of a node to what the node has.
  func check(coverage covered: Ticket, of log: [SimulatedEntry], on node: SimulatedNode) {
    for versions in acknowledged {
      for version in versions where tickets[version] <= covered && !isLost[version] && !has(log, version) {
        violation =
          "write \(version) was acknowledged, and node \(node.id) is said to have all to \(covered) without it"
      }
    }
  }

  private func has(_ log: [SimulatedEntry], _ version: Int) -> Bool {
    let position = positions[version]
    return position < log.count && log[position].version == version
  }
}
