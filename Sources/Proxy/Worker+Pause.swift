import Commands
import Reactor

// Holding writes because somebody has asked for it: the primary is not asked, as while there is none, and whoever needs it
// waits, for as long as the pause lasts. What is under way is finished: requests that were sent, and transactions.
extension UnsafeMutablePointer where Pointee == Worker {
  func pause() { pointee.isPausedByOperator = true }

  func resume() {
    guard pointee.isPausedByOperator else { return }
    pointee.isPausedByOperator = false
    releaseHeld()
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// What becomes of a request for an upstream of the client's own while writes are paused. Nothing: it goes on.
  /// Otherwise whether it was dealt with; false: it waits, and the client is parked.
  func pauses(_ spec: CommandSpec, _ length: Int) -> Bool? {
    guard pointee.worker.pointee.isPaused else { return nil }
    // What has begun may end, or the pause would wait for it.
    if let state = pointee.session?.state, state.isInTransaction || state.isOpaque { return nil }
    switch spec.session {
    case .multi, .wait, .waitaof: break
    // About the connection, not about data.
    case .some: return nil
    case nil: if spec.local != nil || spec.effect == .none && spec.pin != .blocking { return nil }
    }
    if hold(length) { return false }
    reply(pointee.worker.primaryRefusal.bytes)
    return true
  }
}

/// What of a worker's work at the primary goes on although writes are paused.
public struct PauseReport: Sendable {
  /// Requests that were sent before, and wait for their replies.
  public var inFlight = 0
  /// Clients with an upstream of their own: their transactions and blocking commands end by themselves.
  public var sessions = 0
}

extension WorkerQuestion where Answer == PauseReport {
  /// Lets what needs the primary wait, or go on.
  public static func pause(_ isPaused: Bool) -> Self {
    WorkerQuestion { worker in
      if isPaused { worker.pause() } else { worker.resume() }
      return worker.underWay
    }
  }

  /// What goes on although writes are paused.
  public static var underWay: Self { WorkerQuestion { $0.underWay } }
}

extension UnsafeMutablePointer where Pointee == Worker {
  fileprivate var underWay: PauseReport {
    var report = PauseReport()
    for node in pointee.nodes where node.pointee.isLastPrimary { report.inFlight += node.pointee.outstanding }
    for lane in pointee.lanes {
      guard let session = lane.pointee.session, lane.pointee.node.pointee.isLastPrimary else { continue }
      report.inFlight -= session.inFlight
      if session.state.isInTransaction || session.state.isBlocked { report.sessions += 1 }
    }
    return report
  }
}
