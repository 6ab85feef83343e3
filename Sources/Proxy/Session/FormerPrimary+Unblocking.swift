import RESP
import Reactor

// A command that blocks on a former primary, and could be taken up on the new one if it was provably not executed. The
// server can tell: CLIENT UNBLOCK ends it as its timeout would have done, and the answer to it comes on its own connection.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Asks a node that is not the primary any more to end the command that blocks on this lane. False: there is none, or
  /// nobody to ask.
  func askToUnblock(_ lane: LaneRef) -> Bool {
    guard let session = lane.pointee.session, session.state.isBlocked, lane.pointee.state == .ready,
      lane.pointee.upstreamID > 0, lane.pointee.streamUnsent == 0, mayHold,
      session.state.queue.first?.request.isEmpty == false
    else { return false }
    if lane.isUnblocking { return true }
    tellServer(of: lane, ["CLIENT", "UNBLOCK", String(lane.pointee.upstreamID)])
    session.unblockedBy = pointee.loop.now + pointee.settings.limits.upstreamTimeout
    keepTime()
    return true
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Whether it is kept only to hear that its command was not executed.
  var isUnblocking: Bool { pointee.session?.unblockedBy != nil }

  /// The blocked command has its answer. Nothing has come: it was not executed, and is taken up elsewhere. Anything else
  /// comes from data that may be gone, and that nobody gets.
  func endUnblocked(_ session: Session, _ reply: UnsafeRawBufferPointer) -> Bool {
    guard session.state.isBlocked else { return false }
    session.isHeadRefused = SessionWords.isNothing(reply)
    end("\(pointee.node.pointee.name) is not the primary any more", blaming: false)
    return true
  }
}
