import Commands
import Consistency
import RESP
import Reactor
import Routing

// From a client's bytes to requests on lanes.
extension UnsafeMutablePointer where Pointee == Client {
  /// Takes what the socket has, once, and dispatches it.
  func readable() {
    guard !pointee.isClosed, pointee.park == .none else { return }
    if pointee.input.isEmpty {
      let scratch = pointee.worker.pointee.scratch
      switch Gate.receive(pointee.fd, into: scratch, atMost: Limits.readChunk) {
      case .moved(let count):
        let used = dispatch(scratch, count)
        if used < count, !pointee.isClosed, !pointee.isFinishing {
          keepRest(UnsafeRawBufferPointer(start: scratch + used, count: count - used))
        }
      case .wouldBlock: break
      case .endOfStream: finishSending()
      case .failed: close()
      }
    } else {
      let room = roomForRest()
      switch Gate.receive(pointee.fd, into: room, atMost: Swift.min(pointee.input.room, Limits.readChunk)) {
      case .moved(let count):
        pointee.input.commit(count)
        dispatchInput()
      case .wouldBlock: break
      case .endOfStream: finishSending()
      case .failed: close()
      }
    }
    if pointee.worker.pointee.isDraining { finishWhenRead() }
  }

  /// Goes on with what was left unread when the client was parked.
  func resume() {
    pointee.isQueuedToResume = false
    if pointee.isClosed { return freeIfDone() }
    guard pointee.park == .none, !pointee.isFinishing else { return }
    // What was taken back comes first.
    if pointee.held != nil { return park(.hold) }
    if !pointee.input.isEmpty { dispatchInput() }
    if pointee.park == .none, !pointee.isClosed, !pointee.isFinishing {
      pointee.readWatcher.arm(on: pointee.worker.pointee.loop)
    }
    if pointee.worker.pointee.isDraining { finishWhenRead() }
  }

  private func dispatchInput() {
    let bytes = pointee.input.bytes
    guard let base = bytes.baseAddress else { return }
    let used = dispatch(base.assumingMemoryBound(to: UInt8.self), bytes.count)
    if pointee.isInputGiven { pointee.isInputGiven = false } else { pointee.input.consume(used) }
    pointee.worker.pointee.largeBuffers.giveBack(&pointee.input)
    pointee.input.shrinkIfEmpty(above: 0)
  }

  /// The subcommand that the request at `request` names, as far as it was scanned.
  func lookupSubcommand(of spec: CommandSpec, _ request: UnsafePointer<UInt8>) -> CommandSpec {
    guard spec.flags.contains(.container), pointee.scanner.isSecondKnown else { return spec }
    let second = pointee.scanner.second
    return pointee.worker.pointee.table.lookup(
      subcommand: UnsafeRawBufferPointer(start: request + second.offset, count: second.length), of: spec)
  }

  /// Stops reading until `reconsider()` finds the reason gone. One that waits for room goes on doing so: a lane has it in
  /// its list.
  func park(_ reason: Client.Park) {
    if pointee.park != .room { pointee.park = reason }
    pointee.readWatcher.disarm(on: pointee.worker.pointee.loop)
    // Now and then somebody has to see whether it is still there.
    if let session = pointee.session, session.state.isBlocked { pointee.worker.keepTime() }
  }

  /// Called when something changed that a parked client may wait for.
  @inline(__always)
  func reconsider() {
    if pointee.park != .none { unparkIfPossible() }
  }

  @inline(never)
  private func unparkIfPossible() {
    let isOver =
      switch pointee.park {
      case .none: false
      case .order: pointee.outstanding == 0
      case .inFlight: pointee.outstanding <= Limits.clientInFlight / 2
      case .output: pointee.output.count <= Swift.max(Limits.clientOutputLow, pointee.outputHigh / 2)
      case .room, .hold, .answer: false
      }
    if isOver { unpark() }
  }

  func unpark() {
    pointee.park = .none
    if pointee.isClosed { return freeIfDone() }
    if !pointee.isQueuedToResume {
      pointee.isQueuedToResume = true
      pointee.worker.pointee.toResume.append(self)
    }
  }

  /// Dispatches the requests in `base[..<count]` until they end or the client is parked; gives back how many bytes are
  /// done with. `base` is where the scanner's current request continues.
  func dispatch(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
    if pointee.session != nil { return dispatchInSession(base, count) }
    let worker = pointee.worker
    var run = RequestRun(start: 0)
    var memo = CommandMemo()
    var last = pointee.lastCommand
    var at = 0

    while at < count {
      let rest = UnsafeRawBufferPointer(start: base + at, count: count - at)
      let progress = pointee.scanner.scan(rest, dropped: pointee.streamed)
      if case .complete = progress, case .none = pointee.stream {
        // The common case, kept short.
        let length = pointee.scanner.position
        if pointee.scanner.argumentCount > 0 {
          let name = pointee.scanner.name
          var spec: CommandSpec
          if let known = memo.spec(rest, name) {
            spec = known
          } else {
            spec = worker.lookup(UnsafeRawBufferPointer(start: base + at + name.offset, count: name.length))
            if spec.flags.contains(.container) {
              spec = lookupSubcommand(of: spec, base + at)
            } else {
              memo = CommandMemo(rest, name, spec)
            }
          }
          last = spec.id
          if spec.handling == .forward, !pointee.isBarred {
            guard place(spec, &run, base, at, length) else { break }
            pointee.scanner.reset()
            at += length
            if run.count >= UInt32(Limits.clientInFlight) {
              flushRun(&run, base, at)
              if pointee.park != .none { break }
            }
            continue
          }
          flushRun(&run, base, at)
          if pointee.park != .none { break }
          guard handle(spec, UnsafeRawBufferPointer(start: base + at, count: length)) else { break }
          if pointee.largeBytes > 0 { releaseLarge() }
          pointee.scanner.reset()
          at += length
          run.start = at
          if pointee.isClosed || pointee.isFinishing || pointee.park != .none { break }
          if pointee.session != nil { return at + dispatchInSession(base + at, count - at) }
          continue
        }
      }

      flushRun(&run, base, at)
      if pointee.park != .none { break }
      switch progress {
      case .complete:
        let length = pointee.scanner.position - pointee.streamed
        if case .none = pointee.stream {} else { endStream(base + at, length) }
        pointee.scanner.reset()
        pointee.streamed = 0
        at += length
      case .inline:
        let length = pointee.scanner.position
        guard runInline(UnsafeRawBufferPointer(start: base + at, count: length)) else { return at }
        last = pointee.lastCommand
        at += length
        if pointee.session != nil, !pointee.isClosed, !pointee.isFinishing, pointee.park == .none {
          return at + dispatchInSession(base + at, count - at)
        }
      case .malformed:
        refuseSyntax()
        return count
      case .needMore:
        return at + passOnUnfinished(base + at, count - at)
      }
      run.start = at
      if pointee.isClosed || pointee.isFinishing || pointee.park != .none { break }
    }
    flushRun(&run, base, at)
    pointee.lastCommand = last
    return pointee.isFinishing ? count : at
  }

  /// Adds a request to the run, on the lane where it belongs. False: it cannot go now, and the client is parked.
  @inline(__always)
  private func place(
    _ spec: CommandSpec, _ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ at: Int, _ length: Int
  ) -> Bool {
    let kind: Pending.Kind = spec.placement == .replica ? .read : .write
    if length > Limits.largeRequest { return placeLarge(spec, kind, &run, base, at, length) }
    if run.count > 0, run.kind == kind {
      // More of the same.
      if kind == .write {
        // One that may write any key goes alone.
        if spec.changesAnyKey || run.isAlone { return placeFirst(spec, kind, &run, base, at, length) }
        if let lane = run.lane { enter(spec, on: lane, base + at, length) }
      } else if run.needsProof {
        if run.isLookedUpTogether, spec.scope == .second, pointee.scanner.isSecondKnown {
          run.count += 1
          if !pointee.worker.gather(KeyHash.hash(key(base + at))) { prove(&run) }
          return true
        }
        if pointee.worker.pointee.gatheredCount > 0 { prove(&run) }
        if run.needsProof, !mayJoin(spec, &run, base, at, length) { return false }
      }
      run.count += 1
      return true
    }
    return placeFirst(spec, kind, &run, base, at, length)
  }

  /// Looks up what was gathered of a run of reads, of which nothing was sent yet: if the replica that was chosen for it
  /// lacks a write that one of them must see, the whole run goes where that is proven.
  @inline(never)
  private func prove(_ run: inout RequestRun) {
    let worker = pointee.worker
    let keys = worker.gatheredKeys
    worker.pointee.gatheredCount = 0
    guard run.needsProof, let lane = run.lane else { return }
    let (need, first) = worker.pointee.ledger.pointee.lastWrite(keys, after: lane.pointee.coverage.proven)
    guard let first else { return }
    // What came before in the run may have gone there on trust.
    run.need = Swift.max(run.need, need)
    let (other, decision) = laneWithProof(of: run.need, insteadOf: lane)
    guard let other else {
      // It is asked on trust once, and waits when its answer does not bear it out.
      return lane.verify(run.need)
    }
    guard other != lane else { return }
    run.lane = other
    run.needsProof = !other.pointee.node.pointee.isPrimary
    run.isLookedUpTogether = run.needsProof && other.pointee.node.pointee.isDirect
    if !run.needsProof {
      let before = run.count &- UInt32(keys.count - first) &- run.counted
      worker.pointee.counters.routed[.pipelineOrder] += Int(before)
      run.counted &+= before
      run.reason = decision.reason
    }
  }

  /// Whether a read can go with the run to the replica that was chosen for it. If not, the run goes to the primary with
  /// it, or else waits until the requests before it are answered.
  @inline(never)
  private func mayJoin(
    _ spec: CommandSpec, _ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ at: Int, _ length: Int
  ) -> Bool {
    guard let lane = run.lane else { return true }
    run.need = Swift.max(run.need, need(spec, base + at, length))
    let need = run.need
    if lane.isTrusted(with: need) {
      lane.verify(need)
      return true
    }
    if need <= lane.pointee.coverage.proven { return true }
    let (other, decision) = laneWithProof(of: need, insteadOf: lane)
    if other == lane { return true }
    if pointee.outstanding == 0, let other, other.pointee.node.pointee.isPrimary {
      // Nothing of it was sent yet.
      pointee.worker.pointee.counters.routed[.pipelineOrder] += Int(run.count &- run.counted)
      run.counted = run.count
      run.lane = other
      run.reason = decision.reason
      run.needsProof = false
      return true
    }
    flushRun(&run, base, at)
    if pointee.park == .none { park(.order) }
    return false
  }

  /// Finds the lane for a request that stands alone in `base[..<length]`.
  func placeAlone(_ spec: CommandSpec, _ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    place(spec, &run, base, 0, length)
  }

  /// A large request is a run of its own, on an upstream of its own.
  @inline(never)
  private func placeLarge(
    _ spec: CommandSpec, _ kind: Pending.Kind, _ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ at: Int,
    _ length: Int
  ) -> Bool {
    flushRun(&run, base, at)
    guard pointee.park == .none else { return false }
    guard pointee.outstanding == 0 else {
      park(.order)
      return false
    }
    guard placeFirst(spec, kind, &run, base, at, length) else { return false }
    defer { releaseLarge() }
    guard run.count > 0, let lane = run.lane, !lane.pointee.isShared else { return true }
    passReservation(to: lane)
    if isInput(base + at, length), lane.pointee.requests.isEmpty {
      flushRun(&run, base, at + length, isInput: true)
    } else {
      flushRun(&run, base, at + length)
    }
    return true
  }

  @inline(__always)
  private func placeFirst(
    _ spec: CommandSpec, _ kind: Pending.Kind, _ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ at: Int,
    _ length: Int
  ) -> Bool {
    if run.count > 0 {
      flushRun(&run, base, at)
      if pointee.park != .none { return false }
    }
    let worker = pointee.worker
    run.isAlone = worker.pointee.postponement != nil
    if run.isAlone, kind == .write, worker.postpones(spec) { return postpone(length, &run, at) }
    var decision = RouteDecision.decide(
      spec: spec, policy: pointee.rules.policy, replicasFit: !worker.pointee.fitReplicas.isEmpty)
    if worker.pointee.absentScripts.isActive, spec.isScript, pointee.outstanding == 0, lacksScript(base + at),
      worker.primaryLane(pointee.set) != nil
    {
      if decision.target != .primary { decision = RouteDecision(.primary, .scriptAbsent) }
    }
    if spec.isScript, worker.pointee.scriptsAreMissedUntil > 0 { spreadScript(base + at, length) }
    var lane: LaneRef?
    run.needsProof = false
    run.isLookedUpTogether = false
    run.isEnteredLate = false
    if pointee.outstanding > 0 {
      guard let present = presentLane(for: kind) else {
        park(.order)
        return false
      }
      if kind == .read, decision.target == .primary, !present.pointee.node.pointee.isPrimary {
        // Its rules have changed, or the replica that it is on counts no more: not when the client pauses, but now.
        park(.order)
        return false
      }
      lane = present
      if decision.target != .primary, present.pointee.node.pointee.isPrimary {
        decision = RouteDecision(.primary, .pipelineOrder)
      }
    } else {
      lane = freshLane(for: decision.target)
    }
    var need: Ticket = 0
    if kind == .read, let chosen = lane, !chosen.pointee.node.pointee.isPrimary, isFenced {
      let isDirect = chosen.pointee.node.pointee.isDirect
      // When nothing was written that this lane's node lacks, no key of the run need be looked up.
      need = worker.pointee.ledger.pointee.latest
      run.needsProof = !isDirect || need > chosen.pointee.coverage.proven
      if run.needsProof { need = self.need(spec, base + at, length) }
      if chosen.isTrusted(with: need) {
        chosen.verify(need)
      } else if need > chosen.pointee.coverage.proven {
        if pointee.outstanding > 0 {
          park(.order)
          return false
        } else {
          (lane, decision) = laneWithProof(of: need, insteadOf: chosen)
          run.needsProof = lane?.pointee.node.pointee.isPrimary == false
          if lane == nil {
            if hold(length) {
              pointee.isHeldForProof = true
              return false
            }
            reply((worker.refusal(of: pointee.set) ?? .unproven(worker.primaryRefusal)).bytes)
            run.start = at + length
            return true
          }
        }
      }
    }
    if let shared = lane, shared.pointee.isShared {
      var own = shared
      if kind == .read, pointee.outstanding == 0, worker.pointee.bigReplies.isActive || pointee.bigReplies > 0 {
        own = laneForPossiblyBig(UnsafeRawBufferPointer(start: base + at, count: length), insteadOf: shared)
      }
      if own == shared, length > Limits.largeRequest {
        own = worker.lend(pointee.set, shared.pointee.node, to: self, isShort: true) ?? shared
      }
      lane = own
      if own != shared, kind == .read, !own.pointee.node.pointee.isPrimary, isFenced {
        // What is proven of one connection is not proven of another.
        own.verify(need)
        run.needsProof = true
      }
    }
    run.reason = decision.reason
    run.start = at
    if let lane {
      run.isLookedUpTogether =
        run.needsProof && pointee.outstanding == 0 && lane.pointee.isShared && lane.pointee.node.pointee.isDirect
      run.kind = kind
      run.lane = lane
      run.need = run.needsProof ? need : 0
      run.count = 1
      if spec.changesAnyKey {
        run.isEnteredLate = worker.pointee.settings.isFencing
        if run.isEnteredLate { run.isAlone = true }
      } else if kind == .write {
        enter(spec, on: lane, base + at, length)
      }
    } else {
      // A replica's connection may be there before a primary is.
      let mayBeReplicas = kind == .read && decision.target != .none && pointee.rules.policy != .replica
      if decision.target == .primary || mayBeReplicas, hold(length) {
        pointee.isHeldForReplica = mayBeReplicas
        return false
      }
      refuse(kind)
      run.start = at + length
    }
    return true
  }

  /// The lane with the unanswered requests, if it can serve this one as well.
  @inline(__always)
  private func presentLane(for kind: Pending.Kind) -> LaneRef? {
    guard let lane = pointee.lane, lane.pointee.set == pointee.set, !lane.pointee.isRetiring else { return nil }
    let node = lane.pointee.node
    guard node.pointee.isPrimary else { return kind == .read ? lane : nil }
    if pointee.worker.isSucceeded(node) || kind == .write && pointee.worker.pointee.isPaused { return nil }
    return lane
  }

  /// The lane for a request of a client that waits for nothing.
  @inline(__always)
  private func freshLane(for target: RouteTarget) -> LaneRef? {
    switch target {
    case .primary:
      let lane = pointee.worker.primaryLane(pointee.set)
      // Those who have waited for it go first.
      return lane?.pointee.state == .ready || pointee.worker.pointee.holding.isEmpty ? lane : nil
    case .replica, .any: return pointee.worker.readLane(pointee.set, pointee.rules.policy)
    case .none: return nil
    }
  }

  /// Whether a replica lacked this request's script lately.
  @inline(never)
  private func lacksScript(_ request: UnsafePointer<UInt8>) -> Bool {
    guard pointee.scanner.isSecondKnown else { return false }
    let (name, worker) = (pointee.scanner.second, pointee.worker)
    return worker.pointee.absentScripts.remembers(
      UnsafeRawBufferPointer(start: request + name.offset, count: name.length), now: worker.pointee.loop.now)
  }

  /// EVAL_RO makes its script known to the node that runs it: to all, when scripts are asked for by their digests.
  @inline(never)
  private func spreadScript(_ request: UnsafePointer<UInt8>, _ length: Int) {
    // None of the others is as long as this one.
    guard pointee.scanner.name.length == "EVAL_RO".utf8.count, pointee.scanner.isSecondKnown else { return }
    let bytes = UnsafeRawBufferPointer(start: request, count: length)
    // With a wrong number of keys the server refuses it before it looks at the script.
    guard let count = RequestArguments(bytes).dropFirst(2).first(where: { _ in true }),
      let keys = Int(argument: Array(bytes[count.offset..<count.end])), keys >= 0,
      keys <= pointee.scanner.argumentCount - 3
    else { return }
    let script = pointee.scanner.second
    pointee.worker.spread(UnsafeRawBufferPointer(rebasing: bytes[script.offset..<script.end]), pointee.set)
  }

  /// An upstream of its own for a read of a client that had a big reply lately, or for one like those that had.
  @inline(never)
  private func laneForPossiblyBig(_ request: UnsafeRawBufferPointer, insteadOf lane: LaneRef) -> LaneRef {
    let worker = pointee.worker
    if pointee.bigReplies > 0 {
      pointee.bigReplies -= 1
    } else if !worker.pointee.bigReplies.remembers(request, now: worker.pointee.loop.now) {
      return lane
    }
    return worker.lend(pointee.set, lane.pointee.node, to: self) ?? lane
  }

  @inline(__always)
  func flushRun(_ run: inout RequestRun, _ base: UnsafePointer<UInt8>, _ end: Int, isInput: Bool = false) {
    guard run.count > 0 else { return }
    if pointee.worker.pointee.gatheredCount > 0 {
      if run.kind == .write { run.lane?.enterGathered() } else { prove(&run) }
    }
    guard let lane = run.lane else { return }
    lane.append(
      UnsafeRawBufferPointer(start: base + run.start, count: end - run.start), from: self, count: run.count, run.kind,
      isEnteredLate: run.isEnteredLate, isInput: isInput)
    let worker = pointee.worker
    worker.pointee.counters.routed[run.reason] += Int(run.count &- run.counted)
    run.count = 0
    run.counted = 0
    parkIfFull(lane)
  }

  /// Something was just sent to this lane: nothing more for now, if it or the client has enough.
  @inline(__always)
  func parkIfFull(_ lane: LaneRef) {
    if pointee.outstanding >= Limits.clientInFlight {
      park(.inFlight)
    } else if lane.pointee.unsent >= Limits.laneBacklogHigh {
      park(.room)
      lane.pointee.waiters.append(self)
    } else if pointee.output.count >= pointee.outputHigh {
      holdForOutput()
    }
  }

  /// Much waits for this client already: ask nothing more for it.
  @inline(never)
  func holdForOutput() {
    park(.output)
    watchPatience()
  }

  private func refuse(_ kind: Pending.Kind) {
    let worker = pointee.worker
    if kind == .read, pointee.rules.policy == .replica {
      let refusals = worker.pointee.fitReplicas.lazy.compactMap { worker.refusal(of: pointee.set, by: $0) }
      return reply((refusals.first ?? .noReplica).bytes)
    }
    reply(worker.whyUnserved(pointee.set).bytes)
  }

  func refuseSyntax() {
    var bytes: [UInt8] = []
    pointee.scanner.error?.appendReply(to: &bytes)
    if case .forwarding(let lane) = pointee.stream {
      // The server has an unfinished request of ours: end that connection, and with it the request.
      lane.abandonStream()
      pointee.stream = .none
    }
    finishUnlessMuted(with: bytes)
  }

  /// Whoever has asked not to be answered is closed without a word.
  private func finishUnlessMuted(with bytes: [UInt8]) {
    if pointee.session?.state.takeMute() == true { finishWhenIdle() } else { finish(with: bytes) }
  }

  /// Runs a command typed without RESP: the server takes it as an array of the words. False: not now.
  func runInline(_ line: UnsafeRawBufferPointer) -> Bool {
    let arguments: [[UInt8]]
    do throws(RequestSyntaxError) {
      arguments = try InlineCommand.arguments(of: line)
    } catch {
      var bytes: [UInt8] = []
      error.appendReply(to: &bytes)
      pointee.scanner.reset()
      finishUnlessMuted(with: bytes)
      return true
    }
    pointee.scanner.reset()
    guard !arguments.isEmpty else { return true }
    var request: [UInt8] = []
    RequestWriter.append(arguments, to: &request)
    let count = request.count
    // The bounds for those who have not introduced themselves are not the server's for a line.
    pointee.scanner.isAuthenticated = true
    defer { pointee.scanner.isAuthenticated = !pointee.isBarred }
    let used = request.withUnsafeMutableBufferPointer { buffer -> Int in
      guard let base = buffer.baseAddress else { return count }
      return dispatch(base, count)
    }
    // All of the request or nothing: then the line is read again when the client is resumed.
    if used < count { pointee.scanner.reset() }
    return used == count
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// The command of this name; a container is looked up further by ``lookupSubcommand(of:_:)``.
  @inline(__always)
  func lookup(_ name: UnsafeRawBufferPointer) -> CommandSpec {
    // Borrowed without retaining: the worker holds the table, and only this thread replaces it.
    Unmanaged.passUnretained(pointee.table)._withUnsafeGuaranteedRef { $0.lookup(name) }
  }

  /// Why a command that needs the primary cannot have it.
  var primaryRefusal: ProxyRefusal {
    if pointee.isPaused { return .paused }
    guard let primary = pointee.primary else { return .noPrimary(pointee.primaryAbsence) }
    let node = pointee.nodes[primary]
    if pointee.isPrimaryPaused { return .noPrimary("\(node.pointee.name) does not take writes") }
    let why = node.pointee.lastFailure
    return .notExecuted(node.pointee.name, why.isEmpty ? "no connection to it is open" : why)
  }
}

/// Requests of this client that are next to each other and go to the same lane: they are copied there in one piece.
struct RequestRun {
  var start: Int
  var count: UInt32 = 0
  var kind = Pending.Kind.read
  var reason = RouteReason.readonlyCommand
  /// The last write that its reads must see, as far as they were looked at.
  var need: Ticket = 0
  /// Of `count`, those that were counted under another reason.
  var counted: UInt32 = 0
  /// Its lane's node lacks writes, or may: each read must be looked at.
  var needsProof = false
  /// They may be looked at a few at a time, until something of the run is sent.
  var isLookedUpTogether = false
  /// Its only request may write any key.
  var isEnteredLate = false
  /// Nothing may join it without a look: because of that, or because a client has paused writes.
  var isAlone = false
  var lane: LaneRef?
}

/// The command that was looked up last: in a pipeline the next one is often the same.
struct CommandMemo {
  /// The name's bytes, in the case they came in; never all zero for a name, which has 1 to 8 of them.
  private var word: UInt64 = 0
  private var length = 0
  private var spec = CommandSpec.unknown

  init() {}

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, _ name: ByteSpan, _ spec: CommandSpec) {
    guard let word = Self.word(bytes, name) else { return }
    self.word = word
    length = name.length
    self.spec = spec
  }

  @inline(__always)
  func spec(_ bytes: UnsafeRawBufferPointer, _ name: ByteSpan) -> CommandSpec? {
    guard name.length == length, let word = Self.word(bytes, name), word == self.word else { return nil }
    return spec
  }

  /// The name in one word, if it fits and eight bytes can be read where it is.
  @inline(__always)
  private static func word(_ bytes: UnsafeRawBufferPointer, _ name: ByteSpan) -> UInt64? {
    guard name.length &- 1 < 8, name.length > 0, let base = bytes.baseAddress, name.offset &+ 8 <= bytes.count else {
      return nil
    }
    let word = (base + name.offset).loadUnaligned(as: UInt64.self)
    return UInt64(littleEndian: word) & (UInt64.max &>> UInt64((8 &- name.length) &* 8))
  }
}
