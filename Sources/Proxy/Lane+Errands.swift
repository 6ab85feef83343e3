import Reactor

// What is told to replicas beside the primary: nobody waits for their answers.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Passes a request on to every replica that is read from, in front of what is read there from now on.
  func tellReplicas(_ request: UnsafeRawBufferPointer, _ set: LaneSetRef) {
    // They will have the scripts that they lacked, or nobody will.
    pointee.absentScripts = RequestMemory()
    for index in pointee.fitReplicas {
      // One that takes nothing is left out: what it lacks then is asked of the primary.
      guard let lane = shared(set, index) ?? openShared(set, index), !lane.pointee.isSuspect,
        lane.pointee.unsent < Limits.laneBacklogHigh
      else { continue }
      lane.appendOurs(request, .errand)
    }
  }

  /// The same on connections of its own, past whatever keeps the replicas from answering, and from being fit.
  func interruptReplicas(_ request: UnsafeRawBufferPointer, _ client: LaneSetRef) {
    let busy = Set(pointee.lanes.lazy.filter { $0.pointee.state == .ready }.map { $0.pointee.node })
    // SELECT would be refused.
    let set = laneSet(
      database: 0, protocolVersion: client.pointee.protocolVersion, identity: client.pointee.identity)
    for (index, node) in pointee.nodes.enumerated() where busy.contains(node) && !node.pointee.isLastPrimary {
      let isTold = pointee.lanes.contains { lane in
        lane.pointee.node == node && lane.pointee.set == set && lane.pointee.isRetiring
          && lane.pointee.pending.first?.pointee.kind == .errand
      }
      guard !isTold, let lane = openForErrand(set, index) else { continue }
      lane.appendOurs(request, .errand)
      lane.pointee.isRetiring = true
    }
  }
}
