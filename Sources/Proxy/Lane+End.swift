import RESP
import Reactor
import Routing

// The end of a lane, and what becomes of the requests on it.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Ends the connection because the node failed.
  func fail(_ why: String) {
    if !endAbandoned() { end(why, blaming: true) }
  }

  /// Ends a connection that owes nothing.
  func close() { end("closed", blaming: false) }

  /// Ends the connection; every request on it is asked elsewhere if that is honest, and answered with an error if not.
  func end(_ why: String, blaming isNodesFault: Bool) {
    guard pointee.state != .closed else { return }
    let worker = pointee.worker
    let now = worker.pointee.loop.now
    let wasReady = pointee.state == .ready
    if isNodesFault && (!wasReady || !pointee.pending.isEmpty) {
      if wasReady && now - pointee.readySince > 1 { pointee.node.pointee.recordSuccess() }
      let dice = worker.pointee.dice.fraction()
      pointee.node.pointee.recordFailure(why, since: pointee.openedAt, now: now, dice: dice)
    }
    pointee.state = .closed
    pointee.readWatcher.disarm(on: worker.pointee.loop)
    pointee.writeWatcher.disarm(on: worker.pointee.loop)
    // A node that comes back is not to find what was waiting for it: its clients have been told the fate of that.
    let owes = !pointee.pending.isEmpty || pointee.session != nil
    if owes, isNodesFault || !pointee.node.pointee.isPrimary { Gate.abort(pointee.fd) } else { Gate.close(pointee.fd) }
    worker.forget(self)
    worker.pointee.lanes.removeAll { $0 == self }
    giveUpBatches()
    releaseLarge()
    if pointee.isLent { worker.pointee.lent -= 1 }
    pointee.heldUpBy?.pointee.holdsUp = nil
    pointee.heldUpBy = nil

    let fate = StreamFate(of: pointee)
    if pointee.isStreamOpen, case .own(let client?) = pointee.sharing {
      // Also when the request has its reply already: a server that refuses it by its header answers before it ends.
      client.pointee.stream = .discarding
    }
    if let session = pointee.session { lose(session, why) }
    if pointee.isReplyStarted, let client = pointee.pending.first?.pointee.client {
      // Half a reply has reached it; nothing that could follow would make sense to it.
      client.close()
    }
    let evacuees = evacuate(keeping: nil, leavingTraces: false)
    if isNodesFault && !evacuees.isEmpty {
      worker.pointee.report(.upstreamLost(pointee.node.pointee.name, why: why))
    }
    rehome(evacuees, why, fate, preferring: nil, because: .lostLane)
    wakeWaiters()
    worker.pointee.deadLanes.append(self)
  }

  /// The client of an open stream ends it: with the connection the server forgets the half request.
  func abandonStream() {
    if pointee.isStreamOpen, let head = pointee.pending.popLastStream() {
      pointee.isStreamOpen = false
      pointee.node.pointee.outstanding -= 1
      if let client = head.client {
        client.pointee.stream = .none
        client.settle(1)
      }
    }
    end("its client has gone", blaming: false)
  }

  /// Takes the requests of all clients but one from this lane.
  ///
  /// With traces, replies that will still come find an entry that drops them; without, nothing stays.
  /// - Parameter onlyUnsent: what was sent stays with its client, and with it what stands before anything that leaves.
  func evacuate(keeping kept: ClientRef?, leavingTraces: Bool, onlyUnsent: Bool = false) -> [Evacuee] {
    var evacuees: [Evacuee] = []
    var leaving: Set<ClientRef> = []
    var pending = Ring<Pending>()
    var requests = ByteBuffer()
    var localReplies = ByteBuffer()
    var sent = 0
    var offset = 0
    var localOffset = 0

    // A streamed request's unsent bytes stand first and belong to no entry; with one there are no others to keep.
    let stored = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.dropFirst(pointee.streamUnsent))
    let storedLocal = pointee.localReplies.bytes
    for index in 0..<pointee.pending.count {
      guard var entry = pointee.pending.element(at: index) else { break }
      entry.isTimed = false
      let size = Int(entry.bytes)
      if entry.kind == .local {
        let bytes = storedLocal[localOffset..<localOffset + size]
        localOffset += size
        if let client = entry.client, client != kept, !onlyUnsent || leaving.contains(client) {
          evacuees.append(
            Evacuee(
              client: client, kind: .local, bytes: Array(bytes), count: entry.count, attempts: 0, sent: 0,
              isTouched: false))
        } else {
          pending.append(entry)
          localReplies.append(UnsafeRawBufferPointer(rebasing: bytes))
        }
        continue
      }
      let bytes = UnsafeRawBufferPointer(rebasing: stored[offset..<offset + size])
      let sentOfIt = Swift.min(size, Swift.max(0, pointee.sent - offset))
      offset += size
      let isStreamed = entry.kind == .streamedRead || entry.kind == .streamedWrite
      let remaining = entry.count - entry.done
      var stays =
        leavingTraces && (entry.client == nil || entry.client == kept || onlyUnsent && (sentOfIt > 0 || isStreamed))
      var staying = entry
      if let client = entry.client, !stays {
        if onlyUnsent { leaving.insert(client) }
        if entry.isEnteredLate, sentOfIt > 0 { pointee.worker.enterLost(bytes) }
        let rest = bytes.droppingRequests(entry.done)
        evacuees.append(
          Evacuee(
            client: client, kind: entry.kind, bytes: Array(rest), count: remaining, attempts: entry.attempts,
            sent: Swift.max(0, sentOfIt - (size - rest.count)), isTouched: sentOfIt > 0 || isStreamed))
        staying.client = nil
        stays = leavingTraces && sentOfIt > 0
      }
      if stays {
        pending.append(staying)
        requests.append(bytes)
        sent += sentOfIt
      } else {
        pointee.node.pointee.outstanding -= Int(remaining)
      }
    }
    pointee.pending = pending
    pointee.newRuns = 0
    pointee.timedSince = 0
    pointee.requests = requests
    pointee.localReplies = localReplies
    pointee.sent = sent
    pointee.streamUnsent = 0
    return evacuees
  }

  /// Gives evacuated requests new places, in their order, and errors to those for which there is none.
  func rehome(
    _ evacuees: [Evacuee], _ why: String, _ fate: StreamFate, preferring preferred: LaneRef?,
    because cause: MoveCause
  ) {
    let worker = pointee.worker
    let evacuees = cause == .lostLane ? worker.markOvertaken(evacuees) : evacuees
    let set = pointee.set
    let node = pointee.node
    // All unanswered requests of a client were on this lane: it now has none, until they are placed again.
    for evacuee in evacuees { evacuee.client.pointee.outstanding -= Int32(evacuee.count) }
    var bound: Set<ClientRef> = []
    for evacuee in evacuees where evacuee.kind == .write && !evacuee.isTouched { bound.insert(evacuee.client) }

    lazy var primaryRefuge = preferred ?? worker.primaryLane(set)
    func readRefuge(_ client: ClientRef) -> LaneRef? {
      let policy = client.pointee.rules.policy
      if cause == .unproven {
        // Others have no reason to leave.
        return client.isFenced ? primaryRefuge : worker.bestReadLane(set, policy, avoiding: nil)
      }
      return preferred ?? worker.bestReadLane(set, policy, avoiding: node)
        ?? worker.bestReadLane(set, policy, avoiding: nil)
    }

    // What the server has against this kind of connection, nobody need wait for.
    let word = worker.refusal(of: set)
    let refused = word ?? worker.pointee.nodes.firstIndex(of: node).flatMap { worker.refusal(of: set, by: $0) }

    // Of these a write will wait, and a read in front of it has to wait with it: what is given a place at once counts as
    // asked after what waits.
    var waiting: Set<ClientRef> = []
    for evacuee in evacuees where evacuee.kind == .write && !evacuee.isOvertaken {
      let waits =
        evacuee.isTouched
        ? isAskedAgain(evacuee) : primaryRefuge?.pointee.node.pointee.isPrimary != true && word == nil && worker.mayHold
      if waits { waiting.insert(evacuee.client) }
    }

    for evacuee in evacuees {
      let client = evacuee.client
      if client.pointee.isClosed {
        client.freeIfDone()
        continue
      }
      if evacuee.isOvertaken {
        client.reply(ProxyRefusal.readLost(node.pointee.name, why).bytes)
        client.reconsider()
        continue
      }
      // Silence wears a read out only so far: a move behind a fresh head is no failure, and the number must stay small.
      let mostSoFar = cause == .silence ? max(evacuee.attempts, Limits.silentMoves) - 1 : evacuee.attempts
      let isCounted = evacuee.isTouched && cause != .bigReply && cause != .unproven
      let again = isCounted ? min(evacuee.attempts, mostSoFar) + 1 : evacuee.attempts
      var target: LaneRef?
      var refusal = refused ?? .notExecuted(node.pointee.name, why)
      switch evacuee.kind {
      case .local:
        client.reply(evacuee.bytes)
        continue
      case .read where client.isBehindHeld, .write where client.isBehindHeld && !evacuee.isTouched:
        // Behind something that waits.
        takeBack(evacuee, needsPrimary: evacuee.kind == .write)
        continue
      case .read where waiting.contains(client) && again < Limits.attempts && mayTryAgain(evacuee, again):
        takeBack(evacuee, needsPrimary: false, attempts: again)
        continue
      case .read:
        if !mayTryAgain(evacuee, again) {
          refusal = .readLost(node.pointee.name, why)
        } else if again < Limits.attempts || cause != .lostLane {
          target =
            client.pointee.outstanding > 0
            ? client.pointee.lane
            : (bound.contains(client) ? primaryRefuge ?? readRefuge(client) : readRefuge(client))
        }
        if let lane = target, client.pointee.outstanding == 0, lane.pointee.isShared {
          target = laneOfItsOwn(for: evacuee, insteadOf: lane)
        }
        if target == nil, word == nil, mayTryAgain(evacuee, again), worker.mayHold,
          worker.pointee.primary == nil || worker.primaryLane(set) == nil
        {
          takeBack(evacuee, needsPrimary: false)
          continue
        }
        if let lane = target {
          worker.pointee.counters.readsAskedAgain += Int(evacuee.count)
          if client.isFenced, !lane.pointee.node.pointee.isPrimary {
            lane.verify(worker.need(of: evacuee.bytes))
          }
        } else if cause == .unproven {
          refusal = .unproven(worker.primaryRefusal)
        }
      case .write where evacuee.isTouched:
        settleTouched(evacuee, why)
        client.reconsider()
        continue
      case .write:
        target = client.pointee.outstanding > 0 ? client.pointee.lane : primaryRefuge
        if let lane = target, !lane.pointee.node.pointee.isPrimary { target = nil }
        guard let lane = target else {
          if word == nil, worker.mayHold {
            takeBack(evacuee, needsPrimary: true)
            continue
          }
          break
        }
        worker.enter(evacuee.bytes, on: lane)
      case .permission:
        // It asks again, or is told that it cannot be known.
        client.reconsider()
        continue
      case .probe, .authentication, .errand: continue
      case .streamedRead, .streamedWrite:
        if case .unknown = fate {
          let isRead = evacuee.kind == .streamedRead
          worker.pointee.counters.unknownFates += isRead ? 0 : 1
          refusal = isRead ? .readLost(node.pointee.name, why) : .unknownFate(node.pointee.name, why)
        }
      }
      if let target {
        evacuee.bytes.withUnsafeBytes {
          target.append($0, from: client, count: evacuee.count, evacuee.kind, attempts: again)
        }
      } else {
        let bytes = refusal.bytes
        for _ in 0..<evacuee.count { client.reply(bytes) }
      }
      client.reconsider()
    }
    // What was never sent stood behind these.
    for evacuee in evacuees where evacuee.client.pointee.held != nil && evacuee.client.pointee.outstanding == 0 {
      evacuee.client.queueAskingAgain()
    }
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Requests for the primary that were sent and not answered: what only reads is asked once more, of whoever is the primary
  /// then, and so is one that was not sent whole; what may have been executed is of unknown fate.
  private func settleTouched(_ evacuee: Evacuee, _ why: String) {
    let (worker, client) = (pointee.worker, evacuee.client)
    var end = 0
    evacuee.bytes.withUnsafeBytes { bytes in
      bytes.forEachRequest { request, _ in
        end += request.count
        if isAskedAgain(request, end: end, of: evacuee) {
          return client.takeBack(
            Array(request), isRead: false, needsPrimary: true, attempts: evacuee.attempts + 1)
        }
        let name = pointee.node.pointee.name
        if end > evacuee.sent { return client.reply(ProxyRefusal.notExecuted(name, why).bytes) }
        let spec = worker.spec(of: request)
        // It has been executed, and a server that ends tells so by closing the connection.
        if spec.session == .shutdown { return client.finishWhenIdle() }
        let isRead = spec.flags.contains(.readonly)
        if !isRead { worker.pointee.counters.unknownFates += 1 }
        client.reply(isRead ? ProxyRefusal.readLost(name, why).bytes : ProxyRefusal.unknownFate(name, why).bytes)
      }
    }
  }

  /// Whether a request of such a run, which ends at `end`, is asked once more.
  private func isAskedAgain(_ request: UnsafeRawBufferPointer, end: Int, of evacuee: Evacuee) -> Bool {
    let worker = pointee.worker
    guard worker.mayHold else { return false }
    // A server that takes no more of it each time would be asked without end.
    if end > evacuee.sent { return evacuee.attempts + 1 < Limits.attempts }
    return evacuee.attempts + 1 < Limits.silentMoves && worker.spec(of: request).flags.contains(.readonly)
  }

  /// Whether any of such a run is.
  private func isAskedAgain(_ evacuee: Evacuee) -> Bool {
    var (end, some) = (0, false)
    evacuee.bytes.withUnsafeBytes { bytes in
      bytes.forEachRequest { request, _ in
        end += request.count
        if !some { some = isAskedAgain(request, end: end, of: evacuee) }
      }
    }
    return some
  }

  /// Lets requests wait that were not executed and that nobody can answer now.
  private func takeBack(_ evacuee: Evacuee, needsPrimary: Bool, attempts: UInt8 = 0) {
    evacuee.bytes.withUnsafeBytes { bytes in
      bytes.forEachRequest { request, _ in
        evacuee.client.takeBack(
          Array(request), isRead: evacuee.kind == .read, needsPrimary: needsPrimary, attempts: attempts)
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Goes through a run of requests, each with the scanner that has just found it complete.
  func forEachRequest(_ body: (_ request: UnsafeRawBufferPointer, _ scanner: RequestScanner) -> Void) {
    var at = 0
    var scanner = RequestScanner()
    while at < count {
      let rest = UnsafeRawBufferPointer(rebasing: self[at...])
      guard scanner.scan(rest) == .complete else { return }
      body(UnsafeRawBufferPointer(rebasing: rest[..<scanner.position]), scanner)
      at += scanner.position
      scanner.reset()
    }
  }

  /// The bytes of a run of requests without the first `count` of them, which have their replies.
  func droppingRequests(_ count: UInt32) -> UnsafeRawBufferPointer {
    var at = 0
    var scanner = RequestScanner()
    for _ in 0..<count {
      guard scanner.scan(UnsafeRawBufferPointer(rebasing: self[at...])) == .complete else { break }
      at += scanner.position
      scanner.reset()
    }
    return UnsafeRawBufferPointer(rebasing: self[at...])
  }

  /// One of a run of requests.
  func request(at place: UInt32) -> UnsafeRawBufferPointer? {
    let rest = droppingRequests(place)
    var scanner = RequestScanner()
    guard scanner.scan(rest) == .complete else { return nil }
    return UnsafeRawBufferPointer(rebasing: rest[..<scanner.position])
  }
}

extension Ring where Element == Pending {
  /// Takes the newest entry if it is a streamed request.
  fileprivate mutating func popLastStream() -> Pending? {
    guard let last, last.pointee.kind == .streamedRead || last.pointee.kind == .streamedWrite else { return nil }
    return popLast()
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// A read that will have a big reply does not go where others wait again.
  private func laneOfItsOwn(for evacuee: Evacuee, insteadOf lane: LaneRef) -> LaneRef {
    let worker = pointee.worker
    guard worker.pointee.bigReplies.isActive else { return lane }
    let isBig = evacuee.bytes.withUnsafeBytes { bytes in
      bytes.request(at: 0).map { worker.pointee.bigReplies.remembers($0, now: worker.pointee.loop.now) } ?? false
    }
    guard isBig else { return lane }
    return worker.lend(lane.pointee.set, lane.pointee.node, to: evacuee.client) ?? lane
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// A script for which two nodes were given up does not get to keep a third one from everything else.
  private func mayTryAgain(_ evacuee: Evacuee, _ attempts: UInt8) -> Bool {
    attempts < Limits.silentMoves || !evacuee.bytes.withUnsafeBytes { pointee.worker.spec(of: $0) }.isScript
  }
}

/// Why requests leave a lane.
enum MoveCause {
  /// The connection has ended: each such move wears a request out a little.
  case lostLane
  /// The node was silent: counted, but nobody is refused for it.
  case silence
  /// Somebody's reply is in the way: nobody's fault.
  case bigReply
  /// The replica is not proven to have what the reads must see: they go to the primary.
  case unproven
}

/// What can be said of a streamed request whose lane ends.
enum StreamFate {
  /// The server never had all of it.
  case notExecuted
  case unknown

  init(of lane: borrowing Lane) {
    self = lane.isStreamOpen || lane.streamUnsent > 0 ? .notExecuted : .unknown
  }
}

/// A run of requests that must leave its lane.
struct Evacuee {
  let client: ClientRef
  let kind: Pending.Kind
  let bytes: [UInt8]
  let count: UInt32
  let attempts: UInt8
  /// How many of `bytes` were handed to the kernel.
  let sent: Int
  /// Some of the run was, in front of them or of them.
  let isTouched: Bool
  /// A read that might see what its client wrote after it.
  var isOvertaken = false
}
