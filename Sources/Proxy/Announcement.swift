import Topology

/// What one worker has learned and every other must know: it goes by way of the control thread.
public enum Announcement: Sendable {
  /// A client has paused a node, or ended its pause.
  case pause(PauseChange, at: NodeAddress)
}

extension WorkerQuestion where Answer == Void {
  /// Tells a worker what another one has learned.
  public static func hear(_ news: Announcement) -> Self { WorkerQuestion { $0.hear(news) } }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Acts on it, and has the others do the same.
  func announce(_ news: Announcement) {
    hear(news)
    pointee.report(.announced(news, by: pointee.index))
  }

  fileprivate func hear(_ news: Announcement) {
    switch news {
    case .pause(let change, let node): take(change, at: node)
    }
  }
}
