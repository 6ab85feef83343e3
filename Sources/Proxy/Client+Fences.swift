import Commands
import Consistency
import RESP
import Routing

// Which writes a read must see, and where it can see them.
extension UnsafeMutablePointer where Pointee == Client {
  /// Whether its reads see what was written through this ambassador.
  @inline(__always)
  var isFenced: Bool { pointee.rules.consistency == .readYourWrites && pointee.worker.pointee.settings.isFencing }

  /// The last write that a request must see: the one just scanned, at `request`.
  @inline(__always)
  func need(_ spec: CommandSpec, _ request: UnsafePointer<UInt8>, _ length: Int) -> Ticket {
    let ledger = pointee.worker.pointee.ledger
    switch spec.scope {
    case .second where pointee.scanner.isSecondKnown:
      return ledger.pointee.lastWrite(KeyHash.hash(key(request)))
    case .second, .any: return ledger.pointee.latest
    case .listed, .countedBySecond, .countedByThird, .streams, .stored, .patterned:
      return ledger.lastWrite(
        spec, UnsafeRawBufferPointer(start: request, count: length), pointee.scanner.argumentCount)
    }
  }

  /// Enters the write just scanned into the ledger, at the latest when its run is flushed: from then on no replica is
  /// trusted with its keys that is not proven to have it.
  @inline(__always)
  func enter(_ spec: CommandSpec, on lane: LaneRef, _ request: UnsafePointer<UInt8>, _ length: Int) {
    guard spec.effect == .changes, pointee.worker.pointee.settings.isFencing else { return }
    let worker = pointee.worker
    switch spec.scope {
    case .second where pointee.scanner.isSecondKnown:
      if !worker.gather(KeyHash.hash(key(request))) { lane.enterGathered() }
    case .second, .any: worker.pointee.ledger.pointee.markEverything(lane.openBatch())
    case .listed, .countedBySecond, .countedByThird, .streams, .stored, .patterned:
      worker.pointee.ledger.mark(
        spec, UnsafeRawBufferPointer(start: request, count: length), pointee.scanner.argumentCount, lane.openBatch())
    }
  }

  @inline(__always)
  func key(_ request: UnsafePointer<UInt8>) -> UnsafeRawBufferPointer {
    let span = pointee.scanner.second
    return UnsafeRawBufferPointer(start: request + span.offset, count: span.length)
  }

  /// A lane for a read that must see more than `lane` is proven to have: another replica's, the primary's, or while there
  /// is no connection to that `lane` itself if nothing is known of it yet; and sees to it that more is proven soon.
  @inline(never)
  func laneWithProof(of need: Ticket, insteadOf lane: LaneRef) -> (LaneRef?, RouteDecision) {
    let worker = pointee.worker
    for index in worker.pointee.fitReplicas {
      guard let other = worker.shared(pointee.set, index), other.pointee.state == .ready, !other.pointee.isSuspect,
        other.pointee.node.pointee.isDirect || worker.pointee.primary == nil
      else { continue }
      if other.pointee.coverage.proven >= need {
        if !other.pointee.node.pointee.isDirect { other.verify(need) }
        return (other, RouteDecision(.replica, .readonlyCommand))
      }
      other.pointee.isProofWanted = true
      other.markDirty()
    }
    let ledger = worker.pointee.ledger
    let primary = worker.primaryLane(pointee.set)
    let fenced = ledger.pointee.fenced
    if let primary, primary.pointee.batch == 0, primary.pointee.probing == 0, ledger.pointee.needsProbe {
      // Nothing under way will fence it: the connection was lost on which the proof would have come, or there is a new
      // history.
      _ = primary.openBatch()
    }
    if primary?.pointee.state != .ready, !lane.pointee.coverage.isAnswered {
      // On trust: a new connection proves itself in a moment, and perhaps nobody else can answer.
      lane.verify(need)
      return (lane, RouteDecision(.replica, .readonlyCommand))
    }
    return (primary, RouteDecision(.primary, .unproven(need, fenced: fenced, lane.pointee.coverage.proven)))
  }
}

extension RouteReason {
  /// Why a read that must see `need` is asked on the primary, when replicas are proven to have no more than `proven`.
  static func unproven(_ need: Ticket, fenced: Ticket, _ proven: Ticket) -> RouteReason {
    need > fenced ? .keyWrittenRecently : proven == 0 ? .noFenceYet : .replicaBehind
  }
}

extension UnsafeMutablePointer where Pointee == Consistency.WriteLedger {
  /// The last write to any of the keys that a request names, or to any key at all if they are not known.
  @inline(never)
  func lastWrite(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ argumentCount: Int) -> Ticket {
    var last = pointee.lastWriteToEverything
    let areKnown = spec.forEachKeyHash(in: request, argumentCount: argumentCount) {
      last = max(last, pointee.lastWrite($0))
    }
    return areKnown ? last : pointee.latest
  }

  /// Enters a write to each of the keys that a request names, or to every key if they are not known.
  @inline(never)
  func mark(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, _ argumentCount: Int, _ batch: Ticket) {
    let areKnown = spec.forEachKeyHash(in: request, argumentCount: argumentCount) { pointee.mark($0, batch) }
    if !areKnown { pointee.markEverything(batch) }
  }
}

extension CommandSpec {
  /// The hashes of the keys that a request names. False: it may concern any other as well.
  @inline(__always)
  func forEachKeyHash(in request: UnsafeRawBufferPointer, argumentCount: Int, _ body: (UInt64) -> Void) -> Bool {
    if scope == .any { return false }
    if let walk = KeyWalk(scope, argumentCount: argumentCount) { return Self.go(walk, in: request, body) }
    let range = keyRange(argumentCount: argumentCount)
    var arguments = RequestArguments(request)
    var index = 0
    var next = range.first
    while next <= range.last, let span = arguments.next() {
      if index == next {
        body(KeyHash.hash(UnsafeRawBufferPointer(rebasing: request[span.offset..<span.end])))
        next += range.step
      }
      index += 1
    }
    return true
  }

  /// The same for a script, of the keys that it says it touches. False: it names none.
  func forEachDeclaredKeyHash(
    in request: UnsafeRawBufferPointer, argumentCount: Int, _ body: (UInt64) -> Void
  ) -> Bool {
    KeyWalk(.countedByThird, argumentCount: argumentCount).map { Self.go($0, in: request, body) } ?? false
  }

  @inline(never)
  private static func go(_ walk: KeyWalk, in request: UnsafeRawBufferPointer, _ body: (UInt64) -> Void) -> Bool {
    var walk = walk
    for span in RequestArguments(request).dropFirst() {
      let argument = UnsafeRawBufferPointer(rebasing: request[span.offset..<span.end])
      switch walk.consume(argument) {
      case .key: body(KeyHash.hash(argument))
      case .other: continue
      case .anyKey: return false
      case .done: return true
      }
    }
    return true
  }
}

// The same for requests that are placed a second time: cold, so each is scanned again.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The last write that any of these requests must see.
  func need(of requests: [UInt8]) -> Ticket {
    var need: Ticket = 0
    forEachRequest(in: requests) { spec, request, count in
      need = max(need, pointee.ledger.lastWrite(spec, request, count))
    }
    return need
  }

  /// Enters these writes, which go to another lane than before.
  func enter(_ requests: [UInt8], on lane: LaneRef) {
    guard pointee.settings.isFencing else { return }
    forEachRequest(in: requests) { spec, request, count in
      guard spec.effect == .changes else { return }
      pointee.ledger.mark(spec, request, count, lane.openBatch())
    }
  }

  func forEachRequest(in requests: [UInt8], _ body: (CommandSpec, UnsafeRawBufferPointer, Int) -> Void) {
    requests.withUnsafeBytes { bytes in
      bytes.forEachRequest { request, scanner in
        body(spec(of: request, scanner), request, scanner.argumentCount)
      }
    }
  }
}
