import Commands
import Reactor
import Topology

// CLIENT PAUSE: the server lets writes wait, or everything, and with them all that comes behind on the same connection. So
// what it would let wait is not sent to it, and the others go on.

/// What CLIENT PAUSE or UNPAUSE asks for.
public enum PauseChange: Sendable, Equatable {
  case begins(isOfEverything: Bool, seconds: Double)
  case ends
}

/// What a node lets wait, and until when.
struct Postponement {
  let node: NodeRef
  /// Which process was asked: another one knows nothing of it.
  let process: String
  /// Reads too, and what is neither.
  var isOfEverything: Bool
  var end: Double
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// The server has said OK to it.
  func take(_ change: PauseChange, at name: NodeAddress) {
    guard let node = pointee.nodes.first(where: { $0.pointee.name == name && $0.pointee.isLastPrimary }) else { return }
    guard case .begins(let isOfEverything, let seconds) = change else { return endPostponement() }
    let end = pointee.loop.now + seconds
    if let present = pointee.postponement {
      // As the server has it: the longer time, and the stricter of both.
      pointee.postponement?.end = max(present.end, end)
      if isOfEverything { pointee.postponement?.isOfEverything = true }
    } else {
      pointee.postponement = Postponement(
        node: node, process: node.pointee.process, isOfEverything: isOfEverything, end: end)
    }
    leaveBusyLanes(to: node)
    keepTime()
  }

  /// Writes that were sent before it was known may wait at the server now: what comes behind them goes past, on a new lane.
  private func leaveBusyLanes(to node: NodeRef) {
    for lane in pointee.lanes where lane.pointee.node == node && lane.pointee.isShared && !lane.pointee.pending.isEmpty
    {
      lane.pointee.isRetiring = true
      forget(lane)
    }
  }

  func endPostponement() {
    guard pointee.postponement != nil else { return }
    pointee.postponement = nil
    releaseHeld()
  }

  /// Each tick. Says whether there is an end to wait for.
  func checkPostponement(now: Double) -> Bool {
    guard let present = pointee.postponement else { return false }
    if now < present.end { return true }
    // Discovery was not answered either, and may have to find the primary again.
    if present.isOfEverything, pointee.primary == nil, now < present.end + pointee.settings.limits.hold { return true }
    endPostponement()
    return false
  }

  /// The topology is another one: a new primary was not asked to let anything wait.
  func reviewPostponement() {
    guard let present = pointee.postponement else { return }
    guard let primary = pointee.primary else {
      // While writes wait there, discovery is answered: so it is gone.
      if !present.isOfEverything { endPostponement() }
      return
    }
    let node = pointee.nodes[primary]
    if present.node != node || present.process != node.pointee.process { endPostponement() }
  }

  /// A new connection has been answered: by a node that lets everything wait none is.
  func isAnswered(by node: NodeRef) {
    if isPostponing(node), pointee.postponement?.isOfEverything == true { endPostponement() }
  }

  /// Whether a node was asked not to answer some of what it is sent.
  @inline(__always)
  func isPostponing(_ node: NodeRef) -> Bool { pointee.postponement?.node == node }

  /// Whether the primary would let this command wait. What nobody knows may be a write that goes by another name.
  func postpones(_ spec: CommandSpec) -> Bool {
    guard let present = pointee.postponement, !present.isOfEverything, !pointee.isDraining,
      pointee.primary.map({ pointee.nodes[$0] }) == present.node
    else { return false }
    return spec.isUnknown || !spec.flags.isDisjoint(with: [.write, .mayReplicate])
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// Lets the request at `at` wait that the primary would let wait, and with it all that comes behind it. False: the client
  /// is parked.
  func postpone(_ length: Int, _ run: inout RequestRun, _ at: Int) -> Bool {
    let worker = pointee.worker
    guard pointee.outstanding == 0 else {
      park(.order)
      return false
    }
    guard worker.hasRoomToHold else {
      reply(ProxyRefusal.paused.bytes)
      run.start = at + length
      return true
    }
    pointee.heldBytes += length
    worker.pointee.heldBytes += length
    park(.hold)
    worker.keepTime()
    guard !pointee.isHolding else { return false }
    pointee.isHolding = true
    worker.pointee.holding.append(self)
    return false
  }

  /// What CLIENT PAUSE asks for. Nothing, if the server will not understand it.
  func pause(_ words: [[UInt8]]) -> PauseChange? {
    guard words.count == 3 || words.count == 4, let time = Int(argument: words[2]), time >= 0 else { return nil }
    let mode = words.count == 4 ? String(decoding: words[3], as: UTF8.self).lowercased() : "all"
    guard mode == "write" || mode == "all" else { return nil }
    return .begins(isOfEverything: mode == "all", seconds: Double(time) / 1000)
  }
}
