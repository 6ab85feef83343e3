import Commands
import RESP
import Reactor

// How long requests take: one run at a time is measured on each lane, so the hot path knows of it only that a run is the
// one, and reads no clock for it that it would not have read.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Picks one of the runs that are about to be sent.
  @inline(never)
  func beginTiming(_ now: Double) {
    if let session = pointee.session {
      guard session.inFlight > 0, !session.state.mayBlock else { return }
      session.timed = session.inFlight
      pointee.timedSince = now
      return
    }
    guard pointee.newRuns > 0, pointee.window == Int32.max else { return }
    // At random: the last to leave waits for all before it, the first for none.
    let place = pointee.pending.count - 1 - pointee.worker.pointee.dice.below(Int(pointee.newRuns))
    guard let run = pointee.pending.place(at: place), run.pointee.kind == .read || run.pointee.kind == .write else {
      return
    }
    run.pointee.isTimed = true
    pointee.timedSince = now
  }

  /// The last reply of the run that was picked has come, just now.
  @inline(never)
  func endTiming(_ kind: RequestClass) {
    if pointee.timedSince > 0, pointee.timedSince.isFinite {
      pointee.node.pointee.traffic.latency[kind].record(pointee.lastProgress - pointee.timedSince)
    }
    pointee.timedSince = 0
  }

  /// Something has come after a long silence: as a server answers one request after the other, it was busy with the one
  /// at the head, or with somebody else's.
  @inline(never)
  func noteSlow(_ now: Double) {
    let worker = pointee.worker
    guard pointee.state == .ready, pointee.heldUpBy == nil, worker.pointee.slowLog.mayNote(at: now) else { return }
    let client: ClientRef
    let kind: RequestClass
    let words: String
    if let session = pointee.session {
      guard session.inFlight > 0, !session.state.mayBlock, !session.state.isFeed, !pointee.isStreamOpen else { return }
      client = session.client
      kind = .session
      let isOnly = session.inFlight == 1 && client.pointee.lastCommand != 0
      words = isOnly ? worker.pointee.table.name(ofID: client.pointee.lastCommand).uppercased() : "(one of several)"
    } else {
      guard pointee.isAwaitingReply, let head = pointee.pending.first, let waiting = head.pointee.client else { return }
      client = waiting
      switch head.pointee.kind {
      case .read, .write:
        kind = head.pointee.kind == .read ? .read : .write
        let requests = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.prefix(Int(head.pointee.bytes)))
        guard let request = requests.request(at: head.pointee.done) else { return }
        words = worker.outline(of: request)
      case .streamedRead, .streamedWrite:
        kind = head.pointee.kind == .streamedRead ? .read : .write
        words = "(a long request)"
      case .local, .probe, .authentication, .errand, .permission: return
      }
    }
    worker.pointee.slowLog.note(
      SlowRequest(
        at: EventLoop.wallClock, took: now - pointee.lastProgress, node: pointee.node.pointee.name,
        client: client.pointee.id, kind: kind, outline: words), now: now)
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// A request for people: its command and its first key, never a value.
  func outline(of request: UnsafeRawBufferPointer) -> String {
    var text = ""
    request.forEachRequest { request, scanner in
      let arguments = RequestArguments(request).map { span in
        UnsafeRawBufferPointer(rebasing: request[span.offset..<span.end])
      }
      guard let name = arguments.first else { return }
      var spec = lookup(name)
      if spec.flags.contains(.container), arguments.count > 1 {
        spec = pointee.table.lookup(subcommand: arguments[1], of: spec)
      }
      text = spec.isUnknown ? name.quoted(atMost: 32) : pointee.table.name(of: spec).uppercased()
      guard case .range(let keys) = spec.keyPositions(argumentCount: arguments.count), keys.first < arguments.count
      else { return }
      text += " \(arguments[keys.first].quoted(atMost: 64))"
      if arguments.count > keys.first + 1 { text += " (and \(arguments.count - keys.first - 1) more)" }
    }
    return text
  }
}

extension UnsafeRawBufferPointer {
  /// As text on one line; what is no printable ASCII is written as redis-cli would.
  func quoted(atMost limit: Int) -> String {
    var text = ""
    for byte in prefix(limit) {
      switch byte {
      case UInt8(ascii: "\\"): text += "\\\\"
      case 0x21...0x7E: text.unicodeScalars.append(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16)
        text += digits.count < 2 ? "\\x0\(digits)" : "\\x\(digits)"
      }
    }
    return count > limit ? text + "..." : text
  }
}
