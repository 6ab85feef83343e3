import Consistency
import RESP
import Reactor
import Routing

// Other settings, and another topology because of them: what is there goes on under the new ones.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Takes other settings, and for each listener's clients other rules, those that are connected included. A client's
  /// unanswered requests stay where they are, so what comes behind them keeps its order.
  func configure(_ settings: WorkerSettings, rules: [ListenerRules]) {
    let old = pointee.settings
    pointee.settings = settings
    if settings.credentials != old.credentials { use(settings.credentials, insteadOf: old.credentials) }
    if settings.isFencing != old.isFencing { settings.isFencing ? beginFencing() : endFencing() }
    for client in clients where client.pointee.listener < rules.count {
      client.pointee.rules = rules[client.pointee.listener]
    }
    for set in pointee.sets { set.pointee.chooseAnew() }
    keepTime()
  }

  /// The ambassador's own user has another password, or is another user.
  private func use(_ new: UpstreamCredentials?, insteadOf old: UpstreamCredentials?) {
    pointee.identities[0].credentials = new
    let isSameUser = new != nil && new?.username == old?.username
    for lane in pointee.lanes where lane.pointee.set.pointee.identity == 0 && !lane.pointee.isRetiring {
      if !isSameUser {
        lane.handOver(isPrimarys: lane.pointee.node.pointee.isLastPrimary)
      } else if lane.pointee.session == nil {
        lane.authenticateAnew()
      }
    }
    for set in pointee.sets where set.pointee.identity == 0 { set.pointee.forgetRefusals() }
  }

  /// From now on writes are entered. Those of before were not: a read must be proven to see them all.
  private func beginFencing() {
    for lane in pointee.lanes { lane.enterUnanswered() }
    let ledger = pointee.ledger
    let lane = pointee.sets.first.flatMap { primaryLane($0) }
    let batch = lane?.openBatch() ?? ledger.pointee.begin(under: 0)
    ledger.pointee.markEverything(batch)
    if lane == nil { ledger.pointee.giveUp(batch) }
  }

  private func endFencing() {
    for lane in pointee.lanes { lane.giveUpBatches() }
  }

  /// Another configuration's topology is followed.
  /// - Parameter before: lanes that were there before and are not to end.
  func reportHandover(kept before: Int) {
    // Also when there is nothing: that is said, too.
    pointee.isHandingOver = true
    pointee.movesLeft = Limits.movesTogether
    let now = pointee.loop.now
    for lane in pointee.lanes {
      if let session = lane.pointee.session { _ = lane.checkHandover(of: session, now: now) }
    }
    let serving = pointee.lanes.count { !$0.pointee.isRetiring }
    let counts = UpstreamCounts(
      kept: Swift.min(before, serving), opened: Swift.max(0, serving - before), draining: pointee.lanes.count - serving)
    pointee.report(.followed(index: pointee.index, generation: pointee.generation, counts))
    keepTime()
  }

  /// Each tick: says whether anything that was handed over is still to end.
  func checkHandover() -> Bool {
    guard pointee.isHandingOver else { return false }
    pointee.movesLeft = Limits.movesTogether
    if pointee.lanes.contains(where: { $0.pointee.isHandedOver }) { return true }
    let hadAny = pointee.hasHandedOver
    pointee.isHandingOver = false
    pointee.hasHandedOver = false
    pointee.report(.drained(index: pointee.index, generation: pointee.generation, hadAny: hadAny))
    return false
  }

  /// Sends the server at the other end of a lane that was given up a command whose reply nobody waits for: that server,
  /// whatever its name stands for now, and as the user that it knows.
  func tellServer(of other: LaneRef, _ words: [String]) {
    let set = laneSet(database: 0, protocolVersion: 2, identity: 0)
    let (node, address) = (other.pointee.node, other.pointee.address)
    let present = pointee.lanes.first {
      $0.pointee.node == node && $0.pointee.address == address && $0.pointee.set == set && $0.pointee.isShared
        && $0.pointee.isHandedOver && $0.pointee.heldUpBy == nil && $0.pointee.state != .closed
    }
    guard let lane = present ?? open(set, node, .shared, at: address) else { return }
    if present == nil { lane.pointee.ownCredentials = other.pointee.ownCredentials }
    lane.pointee.isRetiring = true
    lane.pointee.isHandedOver = true
    var bytes: [UInt8] = []
    RequestWriter.append(words.map { Array($0.utf8) }, to: &bytes)
    bytes.withUnsafeBytes { lane.appendOurs($0, .read) }
  }
}
