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
    // A script may say the same, but not within a transaction.
    let isQueued = session.state.isInTransaction && reply.elementsEqual(SessionWords.queued)
    guard !session.writes.isEmpty, !isQueued else { return }
    enter(session.writes)
    if !session.state.queue.contains({ $0.mayWrite }) { session.writes.clear() }
  }

  /// Something has come, not yet passed on, from an upstream that is a feed and was sent writes: nobody matches what comes
  /// to what was sent, so any of it may acknowledge them.
  func enterFeedWrites() {
    var writes = SessionWrites()
    writes.addEverything()
    enter(writes)
  }

  private func enter(_ writes: SessionWrites) {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing else { return }
    let ledger = worker.pointee.ledger
    // Whatever is sent on any connection from now on is executed after it: the proof may come from there.
    let lane = worker.primaryLane(pointee.set)
    let batch = lane?.openBatch() ?? ledger.pointee.begin(under: 0)
    if writes.isEverything { ledger.pointee.markEverything(batch) }
    for key in writes.keys { ledger.pointee.mark(key, batch) }
    if lane == nil { ledger.pointee.giveUp(batch) }
  }
}
