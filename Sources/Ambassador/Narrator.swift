import Admin
import Logging
import Proxy
import Topology

/// Tells the log what happens to nodes and clients: once when it changes, and nothing in a steady state.
struct Narrator {
  var logger: Logger
  private var fitness: [NodeAddress: ReplicaFitness] = [:]
  private var primary: NodeAddress?
  private var proof = ""
  /// Since when there is no primary, and what was told of it.
  private var outage: (since: ContinuousClock.Instant, told: Set<String>)?
  private var losses: [NodeAddress: String] = [:]
  /// Every Sentinel, and why it is not there if it is not.
  private var sentinels: [NodeAddress: String?] = [:]
  /// Sentinels that are asked and tell nothing by themselves.
  private var deafTo: Set<NodeAddress> = []
  /// Names that cannot be looked up, and why.
  private var nameless: [NodeAddress: String] = [:]
  /// When a lost connection to a node was last told, and how many since were not.
  private var lostConnections: [NodeAddress: (told: ContinuousClock.Instant, untold: Int)] = [:]

  private var isFirst = true

  /// A trouble that lasts is told again in other words only so often.
  private static let sentencesPerOutage = 12

  init(logger: Logger) { self.logger = logger }

  /// Others are asked from now on.
  mutating func forgetSource() { (sentinels, deafTo, nameless) = ([:], [], [:]) }

  private static func milliseconds(since then: ContinuousClock.Instant) -> Int {
    Int(then.duration(to: .now) / .milliseconds(1))
  }

  /// A Sentinel has answered, or was lost.
  mutating func heard(_ sentinel: NodeAddress, lost why: String?) {
    let before = sentinels.updateValue(why, forKey: sentinel)
    switch (before, why) {
    case (.some(.some), nil): logger.info("sentinel \(sentinel) answers again")
    case (.some(nil), let why?), (nil, let why?):
      logger.warning("no answer from sentinel \(sentinel): \(why)")
      if sentinels.count > 1, primary != nil, sentinels.values.allSatisfy({ $0 != nil }) {
        logger.warning("no sentinel answers: the last proven topology serves on")
      }
    default: break
    }
  }

  /// A Sentinel is asked no more.
  mutating func left(_ sentinel: NodeAddress) {
    sentinels[sentinel] = nil
    deafTo.remove(sentinel)
  }

  /// A Sentinel tells of its events, or does not although it answers.
  mutating func heardEvents(of sentinel: NodeAddress, lost why: String?) {
    if let why {
      guard deafTo.insert(sentinel).inserted else { return }
      logger.warning(
        "no events from sentinel \(sentinel): \(why); it is asked all the same, so failovers are seen later")
    } else if deafTo.remove(sentinel) != nil {
      logger.info("sentinel \(sentinel) tells of its events again")
    }
  }

  /// A name was looked up, or could not be.
  mutating func lookedUp(_ name: NodeAddress, failure why: String?) {
    if let why {
      guard nameless.updateValue(why, forKey: name) == nil else { return }
      logger.warning("the name \(name.host) cannot be looked up: \(why); what it stood for before goes on")
    } else if nameless.removeValue(forKey: name) != nil {
      logger.info("the name \(name.host) can be looked up again")
    }
  }

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
    if let new = snapshot.primary {
      let ground = snapshot.primaryProof.isEmpty ? "" : " (\(snapshot.primaryProof))"
      if new != primary {
        let gap = outage.map { ", after \(Self.milliseconds(since: $0.since)) ms without one" } ?? ""
        logger.info("primary is \(new)\(ground)\(isFirst ? "" : gap)")
      } else if snapshot.primaryProof != proof {
        logger.info("primary is still \(new)\(ground)")
      }
      outage = nil
      isFirst = false
    } else if outage == nil {
      logger.warning("no primary: \(snapshot.primaryAbsence)")
      outage = (.now, [snapshot.primaryAbsence])
    } else if outage?.told.count ?? 0 < Self.sentencesPerOutage,
      outage?.told.insert(snapshot.primaryAbsence).inserted == true
    {
      logger.notice("still no primary: \(snapshot.primaryAbsence)")
    }
    primary = snapshot.primary
    proof = snapshot.primaryProof
    var seen: [NodeAddress: ReplicaFitness] = [:]
    for replica in snapshot.replicas {
      seen[replica.node] = replica.fitness
      guard fitness[replica.node] != replica.fitness else { continue }
      switch replica.fitness {
      case .fit: logger.info("replica \(replica.node) takes reads")
      case let why: logger.info("replica \(replica.node) takes no reads: \(why.rawValue)")
      }
    }
    for node in fitness.keys where seen[node] == nil && node != primary { logger.info("replica \(node) has left") }
    fitness = seen
  }

  /// The end of a failover's story: what it was for the clients.
  private static func sentence(_ toll: OutageToll) -> String {
    var parts: [String] = []
    if toll.waited > 0 {
      let time = toll.longest > 0 ? " for at most \(Int(toll.longest * 1000)) ms" : ""
      parts.append("\(toll.waited) clients waited for a primary\(time)")
    }
    if toll.askedAgain > 0 { parts.append("\(toll.askedAgain) requests that were not executed were asked again") }
    parts.append(
      toll.unknown == 0
        ? "no write is of unknown fate" : "\(toll.unknown) writes may or may not have been executed (AMBUNKNOWN)")
    return "for clients: " + parts.joined(separator: ", ")
  }

  func drained() { logger.info("what was begun before is finished; the connections for it are closed") }

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
    case .outageOver(let toll): logger.info("\(Self.sentence(toll))")
    case .primaryRefused(let node, let why):
      logger.warning("the primary \(node) refuses writes (\(why)); they wait")
    case .replicaSilent(let node): logger.notice("replica \(node) is silent; its reads are asked elsewhere")
    case .resubscribed(let node, let channels):
      logger.notice("\(channels) subscriptions of a client taken up again at \(node)")
    case .clientClosed(let id, let why): logger.warning("client \(id) closed: \(why)")
    case .passwordRefused(let node, let why):
      logger.warning("\(node) does not take the new password (\(why)); connections to it go on as they are")
    case .announced(.pause(.begins(let isOfEverything, let seconds), let node), _):
      let what = isOfEverything ? "everything" : "writes"
      logger.notice("a client has paused \(what) at \(node) for \(Wording.time(seconds)) (CLIENT PAUSE)")
    case .announced(.pause(.ends, let node), _):
      logger.notice("a client has ended the pause at \(node) (CLIENT UNPAUSE)")
    case .drained, .ended, .followed, .configured, .clientsAsked, .announced: break
    }
  }
}
