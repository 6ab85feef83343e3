import Topology

/// What one worker has learned and every other must know: it goes by way of the control thread.
public enum Announcement: Sendable {
  /// A client has paused a node, or ended its pause.
  case pause(PauseChange, at: NodeAddress)
  /// The client of this id, which others redirect their invalidations to, has another upstream.
  case listenerMoved(UInt64)
  /// The client of this id is to be told that everything may have changed that others have cached.
  case cacheIsStale(listener: Int)
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
    case .listenerMoved(let id): redirectAgain(to: id)
    case .cacheIsStale(let listener): tellListener(listener)
    }
  }
}
