import Commands
import Consistency
import RESP

/// What the requests of a session may have written and nobody has been told of yet: entered into the ledger when the reply
/// comes that acknowledges it. Not earlier, because a session may block for hours, and a transaction may never be run.
struct SessionWrites {
  /// Past so many keys, every key counts as written.
  static let most = 256

  private(set) var keys: [UInt64] = []
  private(set) var isEverything = false

  var isEmpty: Bool { keys.isEmpty && !isEverything }

  mutating func add(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, argumentCount: Int) {
    // What EXEC runs was added when it was queued.
    guard spec.effect == .changes, spec.session != .exec, !isEverything else { return }
    guard spec.scope != .any, spec.keyRange(argumentCount: argumentCount).last < Self.most else {
      return addEverything()
    }
    let areKnown = spec.forEachKeyHash(in: request, argumentCount: argumentCount) { keys.append($0) }
    if !areKnown || keys.count > Self.most { addEverything() }
  }

  mutating func addEverything() {
    isEverything = true
    keys = []
  }

  mutating func clear() { self = SessionWrites() }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// A reply has come, not yet passed on, that may acknowledge what the session has written.
  func enterWrites(of session: Session, _ reply: UnsafeRawBufferPointer) {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing, !session.writes.isEmpty, !reply.elementsEqual("+QUEUED\r\n".utf8) else {
      return
    }
    let ledger = worker.pointee.ledger
    // Whatever is sent on any connection from now on is executed after it: the proof may come from there.
    let lane = worker.primaryLane(pointee.set)
    let batch = lane?.openBatch() ?? ledger.pointee.begin(under: 0)
    if session.writes.isEverything { ledger.pointee.markEverything(batch) }
    for key in session.writes.keys { ledger.pointee.mark(key, batch) }
    if lane == nil { ledger.pointee.giveUp(batch) }
    if !session.state.queue.contains({ $0.mayWrite }) { session.writes.clear() }
  }
}
