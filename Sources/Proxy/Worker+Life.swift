import Commands
import Reactor
import Topology

// A worker's start, what it is told while it runs, and its end.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Follows a new topology: lanes to nodes that have left it take no new requests and end when they owe nothing.
  func follow(_ topology: UpstreamTopology) {
    let isReload = topology.generation != pointee.generation
    let isHandover = isReload && topology.source != pointee.source
    pointee.generation = topology.generation
    pointee.source = topology.source
    pointee.server = topology.server
    let moved = nodesThatMove(in: topology)
    pointee.primaryAbsence = topology.primaryAbsence
    pointee.primary = topology.primary.map(place)
    let fitBefore = pointee.fitReplicas
    pointee.fitReplicas = topology.replicas.map(place)
    warmUp(beside: fitBefore)
    var former: Set<NodeRef> = []
    for (index, node) in pointee.nodes.enumerated() {
      let wasWanted = isWanted(node)
      if node.pointee.isLastPrimary, index != pointee.primary { former.insert(node) }
      node.pointee.isPrimary = index == pointee.primary
      if pointee.primary != nil { node.pointee.isLastPrimary = node.pointee.isPrimary }
      if node.pointee.isPrimary {
        if node.pointee.reign != topology.reign { pointee.succeededAt = pointee.loop.now }
        node.pointee.reign = topology.reign
      }
      node.pointee.isFitReplica = pointee.fitReplicas.contains(index)
      // Discovery has just heard it: whatever failed before is over.
      if !wasWanted, isWanted(node) { node.pointee.recordSuccess() }
    }
    followDoubts(isHandover: isHandover)
    for (index, replica) in zip(pointee.fitReplicas, topology.replicas) {
      pointee.nodes[index].pointee.isDirect = replica.isDirect
    }
    reviewPostponement()
    if pointee.primary != nil {
      // What a former primary still says of writes is worth nothing: they may be gone by the time it is heard. Unless it
      // was given up in favour of another, and may go on as it likes.
      // What was handed over before, to another user's connections, is no better.
      for lane in pointee.lanes where former.contains(lane.pointee.node) {
        if isHandover {
          if !lane.pointee.isHandedOver { lane.handOver(isPrimarys: true) }
        } else if lane.pointee.isHandedOver || !hearOut(lane) {
          lane.end("\(lane.pointee.node.pointee.name) is not the primary any more", blaming: false)
        } else {
          lane.thaw()
        }
      }
    }
    for lane in pointee.lanes where moved.contains(lane.pointee.node) && !lane.pointee.isHandedOver {
      if isHandover {
        lane.handOver(isPrimarys: lane.pointee.node.pointee.isLastPrimary)
      } else {
        lane.end("\(lane.pointee.node.pointee.name) is another server now", blaming: false)
      }
    }
    moveSessions()
    for set in pointee.sets {
      for index in pointee.nodes.indices where !isWanted(pointee.nodes[index]) {
        retire(set, index, isHandover: isHandover)
      }
    }
    let kept = pointee.lanes.count { !$0.pointee.isRetiring }
    openWanted()
    if let primary = pointee.primary, pointee.absentSince != nil {
      if pointee.sets.contains(where: { shared($0, primary)?.pointee.state == .ready }) { endAbsence() }
    }
    // Writes from before there were replicas want their fences now.
    for lane in pointee.lanes where lane.pointee.batch != 0 { lane.markDirty() }
    if isReload { reportHandover(kept: kept) }
  }

  /// Replicas that join others begin slowly. Where all are new, nobody else could take their part: also those that are found
  /// one after the other at the start.
  private func warmUp(beside before: [Int]) {
    let now = pointee.loop.now
    let others = pointee.fitReplicas.filter(before.contains)
    let areSettled = others.contains { now - pointee.nodes[$0].pointee.fitSince >= Limits.warmUp }
    for index in pointee.fitReplicas where !before.contains(index) {
      let node = pointee.nodes[index]
      let isNew = node.pointee.fitSince == -.infinity
      if !others.isEmpty, areSettled || !isNew { node.pointee.warmSince = now }
      node.pointee.fitSince = now
    }
  }

  func isWanted(_ node: NodeRef) -> Bool { node.pointee.isPrimary || node.pointee.isFitReplica }

  /// Opens the shared lanes that are missing, so that they are ready before the first request needs them.
  func openWanted() {
    let now = pointee.loop.now
    for set in pointee.sets where set.pointee.clients > 0 || set.pointee.isFirst {
      set.pointee.chooseAnew()
      for (index, node) in pointee.nodes.enumerated() where isWanted(node) && shared(set, index) == nil {
        if node.pointee.mayConnect(now: now) { _ = openShared(set, index) }
      }
    }
  }

  /// Ends the lanes to a node that is not wanted any more: idle ones now, the shared one when it owes nothing.
  private func retire(_ set: LaneSetRef, _ index: Int, isHandover: Bool) {
    if index < set.pointee.idle.count {
      for lane in set.pointee.idle[index] { lane.close() }
    }
    // Those that are lent for a reply end with it.
    let node = pointee.nodes[index]
    for lane in pointee.lanes where lane.pointee.node == node && lane.pointee.set == set && lane.pointee.isLent {
      if lane.pointee.session != nil || lane.pointee.isHandedOver { continue }
      if isHandover {
        lane.handOver(isPrimarys: false)
      } else {
        lane.pointee.isRetiring = true
      }
    }
    guard let lane = shared(set, index) else { return }
    if isHandover { return lane.handOver(isPrimarys: false) }
    if lane.pointee.pending.isEmpty { return lane.close() }
    lane.pointee.isRetiring = true
    forget(lane)
  }

  /// Gives the nodes whose names stand for other addresses now these addresses, and those behind whose addresses another
  /// process was found that process. Whoever was there before is not meant any more, even if it answers again: their lanes
  /// must end, as soon as it is known who serves in their place.
  private func nodesThatMove(in topology: UpstreamTopology) -> Set<NodeRef> {
    var moved: Set<NodeRef> = []
    for new in topology.replicas + (topology.primary.map { [$0] } ?? []) {
      for node in pointee.nodes where node.pointee.name == new.name {
        let isElsewhere = node.pointee.address != new.address
        let isAnother = node.pointee.process != new.process && !node.pointee.process.isEmpty && !new.process.isEmpty
        node.pointee.address = new.address
        if !new.process.isEmpty || isElsewhere { node.pointee.process = new.process }
        guard isElsewhere || isAnother else { continue }
        // What failed was the server of before.
        node.pointee.recordSuccess()
        moved.insert(node)
      }
    }
    return moved
  }

  /// The place of a node in `nodes`.
  private func place(_ node: UpstreamTopology.Node) -> Int {
    if let index = pointee.nodes.firstIndex(where: { $0.pointee.name == node.name }) { return index }
    let new = NodeRef.allocate(capacity: 1)
    new.initialize(to: UpstreamNode(name: node.name, address: node.address))
    new.pointee.process = node.process
    pointee.nodes.append(new)
    return pointee.nodes.count - 1
  }

  /// Takes over what the servers say of their commands. Clients that are in the middle of a request see no difference:
  /// a request is looked up once.
  func use(_ table: CommandTable) { pointee.table = table }

  /// Lets clients finish what they have begun, then ends; at the latest after `seconds`.
  func drain(atMost seconds: Double) {
    guard !pointee.isDraining else { return finishDraining() }
    pointee.isDraining = true
    // Nobody waits for a primary any more.
    releaseHeld()
    pointee.drainTimer.prepare(owner: self) { raw, _ in owner(raw, as: Worker.self).finishDraining() }
    pointee.drainTimer.arm(on: pointee.loop, after: seconds)
    var next = pointee.firstClient
    while let client = next {
      next = client.pointee.next
      client.drain()
    }
    // Even an idle loop must reach the end of a turn.
    pointee.drainNudge.prepare(owner: self) { _, _ in }
    pointee.drainNudge.arm(on: pointee.loop, after: 0)
  }

  /// Ends now: whoever is left is cut off.
  func finishDraining() {
    pointee.loop.stop()
  }

  /// Frees everything; the loop has stopped.
  func tearDown() {
    while let client = pointee.firstClient {
      client.close()
      while let closed = pointee.closed.popFirst() { closed.reap() }
    }
    for lane in pointee.lanes { lane.end("redis-amb ends", blaming: false) }
    endTurn()
    pointee.turnEnd.disarm(on: pointee.loop)
    pointee.wake.disarm(on: pointee.loop)
    pointee.tick.disarm(on: pointee.loop)
    pointee.drainTimer.disarm(on: pointee.loop)
    pointee.drainNudge.disarm(on: pointee.loop)
    pointee.trimTimer.disarm(on: pointee.loop)
    for node in pointee.nodes {
      node.deinitialize(count: 1)
      node.deallocate()
    }
    for set in pointee.sets {
      set.deinitialize(count: 1)
      set.deallocate()
    }
  }
}
