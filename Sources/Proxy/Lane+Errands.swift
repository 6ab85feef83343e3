import RESP
import Reactor

// What is told to replicas beside the primary: nobody waits for their answers.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Tells the replicas what the primary is told about scripts: they will have those that they lacked, or nobody will.
  func tellReplicasOfScripts(_ request: UnsafeRawBufferPointer, _ set: LaneSetRef) {
    pointee.absentScripts = RequestMemory()
    pointee.spreadScripts = RequestMemory()
    tellReplicas(request, set)
  }

  /// Passes a request on to every replica that is read from, in front of what is read there from now on.
  private func tellReplicas(_ request: UnsafeRawBufferPointer, _ set: LaneSetRef) {
    for index in pointee.fitReplicas {
      // One that takes nothing is left out: what it lacks then is asked of the primary.
      guard let lane = shared(set, index) ?? openShared(set, index), !lane.pointee.isSuspect,
        lane.pointee.unsent < Limits.laneBacklogHigh
      else { continue }
      lane.appendOurs(request, .errand)
    }
  }

  /// Has every node know a script, in front of what is asked there from now on, when somebody has missed one lately: else
  /// nobody asks for it, and servers keep for ever what they are told to load. Not for users that clients have named: they
  /// may be allowed EVAL_RO, and not this.
  func spread(_ script: UnsafeRawBufferPointer, _ set: LaneSetRef) {
    let now = pointee.loop.now
    guard now < pointee.scriptsAreMissedUntil else {
      pointee.scriptsAreMissedUntil = 0
      return
    }
    guard set.pointee.identity == 0, !pointee.spreadScripts.remembers(script, now: now) else { return }
    var request: [UInt8] = []
    RequestWriter.append([Array("SCRIPT".utf8), Array("LOAD".utf8), Array(script)], to: &request)
    request.withUnsafeBytes { request in
      tellReplicas(request, set)
      if let lane = primaryLane(set), lane.pointee.unsent < Limits.laneBacklogHigh {
        lane.appendOurs(request, .errand)
      }
    }
    // Whoever has missed this one need not be sent to the primary any more.
    pointee.absentScripts = RequestMemory()
    pointee.spreadScripts.remember(script, now: now)
  }

  /// Passes a request on to the replicas on connections of its own, past whatever keeps them from answering, and from being
  /// fit.
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
