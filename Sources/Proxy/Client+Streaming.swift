import Commands
import Consistency
import RESP
import Reactor

// Requests that are too long to be kept until they are answered: they pass through as they arrive, on an upstream of the
// client's own, because nobody else's requests may stand between two halves of one.
extension UnsafeMutablePointer where Pointee == Client {
  /// Deals with an unfinished request at `base[..<count]`: gives back how many of its bytes are done with (passed on or
  /// dropped); the others are kept.
  func passOnUnfinished(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
    if case .none = pointee.stream {
      // Too long already in its name, it is no command that anybody knows: the server's answer to tell.
      let isJudgeable = pointee.scanner.isNameKnown || pointee.scanner.pendingBulk > 0
      let length = count + pointee.scanner.pendingBulk
      guard length > Limits.largeRequest, isJudgeable, !keepsLarge(base, length), beginStream(base, count) else {
        return 0
      }
      releaseLarge()
    }
    let ready = pointee.scanner.position - pointee.streamed
    passOn(base, ready)
    pointee.streamed = pointee.scanner.position
    return ready
  }

  /// The last bytes of a streamed request.
  func endStream(_ base: UnsafePointer<UInt8>, _ count: Int) {
    passOn(base, count)
    if case .forwarding(let lane) = pointee.stream {
      lane.pointee.isStreamOpen = false
      enterStreamed(on: lane)
    }
    pointee.stream = .none
  }

  /// A streamed write is entered with its last bytes: before them it cannot be executed, and an upload may take long.
  private func enterStreamed(on lane: LaneRef) {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing, lane.pointee.pending.last?.pointee.kind == .streamedWrite else { return }
    let batch = lane.openBatch()
    if let key = pointee.streamedKey {
      worker.pointee.ledger.pointee.mark(key, batch)
    } else {
      worker.pointee.ledger.pointee.markEverything(batch)
    }
  }

  private func passOn(_ base: UnsafePointer<UInt8>, _ count: Int) {
    guard case .forwarding(let lane) = pointee.stream, count > 0 else { return }
    lane.appendStreamed(UnsafeRawBufferPointer(start: base, count: count))
    if lane.pointee.unsent >= Limits.streamBacklog {
      park(.room)
      lane.pointee.waiters.append(self)
    }
  }

  /// False: not now, the client is parked.
  private func beginStream(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let spec = scannedSpec(base)
    if spec.handling == .closeSilently {
      close()
      return true
    }
    if let session = pointee.session { return beginStream(spec, count, in: session) }
    if pointee.outstanding > 0 {
      park(.order)
      return false
    }
    let worker = pointee.worker
    if isKeptWhole(spec) { return false }
    if pointee.isBarred {
      pointee.stream = .discarding
      reply(error: AuthenticationWords.required)
      return true
    }
    // What is answered here is small; the server's own answer to an absurd one is as good as ours.
    guard
      spec.handling == .forward || spec.handling == .everywhere || spec.handling == .pinnedIfBlocking
        || (spec.handling == .local && spec.local == .echo)
    else {
      pointee.stream = .discarding
      reply(refusal(of: spec))
      return true
    }
    let kind: Pending.Kind = spec.placement == .replica ? .streamedRead : .streamedWrite
    // A long read names many keys, and cannot be asked again: after any write it is the primary's, and so is one of a
    // script, which a replica may not have.
    let isReplicas =
      kind == .streamedRead && !spec.isScript && !(isFenced && worker.pointee.ledger.pointee.latest > 0)
    let node =
      isReplicas
      ? worker.readLane(pointee.set, pointee.rules.policy)?.pointee.node
      : worker.primaryLane(pointee.set)?.pointee.node
    let second = pointee.scanner.second
    pointee.streamedKey =
      spec.scope == .second && pointee.scanner.isSecondKnown
      ? KeyHash.hash(UnsafeRawBufferPointer(start: base + second.offset, count: second.length)) : nil
    if node == nil, kind == .streamedWrite || pointee.rules.policy != .replica, hold(count) { return false }
    guard let node else {
      pointee.stream = .discarding
      reply(worker.whyUnserved(pointee.set).bytes)
      return true
    }
    guard let lane = worker.lend(pointee.set, node, to: self, isShort: true) else {
      pointee.stream = .discarding
      reply(
        worker.isLentOut(isShort: true)
          ? ProxyRefusal.noUpstreamLeft(worker.pointee.settings.limits.maxPinned).bytes
          : ProxyRefusal.notExecuted(node.pointee.name, node.pointee.lastFailure).bytes)
      return true
    }
    lane.appendStreamEntry(of: self, kind)
    pointee.stream = .forwarding(lane)
    return true
  }
}
