import Logging
import Proxy
import Topology

/// Tells the log what happens to nodes and clients: once when it changes, and nothing in a steady state.
struct Narrator {
  let logger: Logger
  private var fitness: [NodeAddress: ReplicaFitness] = [:]
  private var primary: NodeAddress?
  private var absence = ""
  private var losses: [NodeAddress: String] = [:]
  /// When a lost connection to a node was last told, and how many since were not.
  private var lostConnections: [NodeAddress: (told: ContinuousClock.Instant, untold: Int)] = [:]

  init(logger: Logger) { self.logger = logger }

  mutating func observed(_ node: NodeAddress, _ observation: NodeObservation) {
    switch observation {
    case .answered:
      if losses.removeValue(forKey: node) != nil { logger.info("\(node) answers again") }
    case .lost(let why):
      // A node that stays away fails in the same words again and again.
      if losses.updateValue(why, forKey: node) == nil { logger.warning("no answer from \(node): \(why)") }
    }
  }

  mutating func changed(_ snapshot: TopologySnapshot) {
    if snapshot.primary != primary {
      if let new = snapshot.primary {
        logger.info("primary is \(new)")
      } else {
        logger.warning("no primary: \(snapshot.primaryAbsence)")
      }
    } else if snapshot.primary == nil, absence.isEmpty {
      logger.warning("no primary: \(snapshot.primaryAbsence)")
    }
    primary = snapshot.primary
    absence = snapshot.primaryAbsence
    var seen: [NodeAddress: ReplicaFitness] = [:]
    for replica in snapshot.replicas {
      seen[replica.node] = replica.fitness
      guard fitness[replica.node] != replica.fitness else { continue }
      switch replica.fitness {
      case .fit: logger.info("replica \(replica.node) takes reads")
      case let why: logger.info("replica \(replica.node) takes no reads: \(why.rawValue)")
      }
    }
    for node in fitness.keys where seen[node] == nil { logger.info("replica \(node) has left") }
    fitness = seen
  }

  mutating func happened(_ event: WorkerEvent) {
    switch event {
    case .upstreamLost(let node, let why):
      // A node that dies takes many connections with it; one line a second tells that.
      let last = lostConnections[node]
      if let last, last.told.duration(to: .now) < .seconds(1) {
        lostConnections[node] = (last.told, last.untold + 1)
        return
      }
      let others = last.map { $0.untold > 0 ? " (and \($0.untold) more before)" : "" } ?? ""
      lostConnections[node] = (.now, 0)
      logger.notice("connection to \(node) lost: \(why)\(others)")
    case .primaryRefused(let node, let why):
      logger.warning("the primary \(node) refuses writes (\(why)); they wait")
    case .replicaSilent(let node): logger.notice("replica \(node) is silent; its reads are asked elsewhere")
    case .resubscribed(let node, let channels):
      logger.notice("\(channels) subscriptions of a client taken up again at \(node)")
    case .clientClosed(let id, let why): logger.warning("client \(id) closed: \(why)")
    case .ended: break
    }
  }
}
