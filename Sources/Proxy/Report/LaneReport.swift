import Topology

/// An upstream connection, for people.
public struct LaneReport: Sendable {
  public enum Use: String, Sendable {
    /// Carries the requests of many clients.
    case shared
    /// Lent to one client.
    case own
    /// Waits for the next client that needs one of its own.
    case idle
  }

  public var worker: Int
  public var node: NodeAddress
  public var use: Use
  /// The client it is lent to.
  public var client: UInt64?
  public var database: Int
  public var protocolVersion: Int
  /// Empty for the ambassador's own user.
  public var user: String
  /// `connecting`, `greeting`, `ready`, `silent`, `held-up` or `retiring`.
  public var state: String
  /// Runs of requests that wait for replies, and bytes that wait to be sent.
  public var pending: Int
  public var unsent: Int
}

extension WorkerQuestion where Answer == [LaneReport] {
  /// All upstream connections: as many as `upstream.max-pinned` and a few for each node.
  public static var lanes: Self {
    WorkerQuestion { worker in worker.pointee.lanes.map { $0.report } }
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  fileprivate var report: LaneReport {
    let set = pointee.set
    let credentials = pointee.worker.pointee.identities[set.pointee.identity].credentials
    var client: UInt64?
    let use: LaneReport.Use
    switch pointee.sharing {
    case .shared: use = .shared
    case .own(let owner):
      client = owner?.pointee.id
      use = owner == nil ? .idle : .own
    }
    let state =
      switch pointee.state {
      case .connecting: "connecting"
      case .greeting: "greeting"
      case .closed: "closed"
      case .ready:
        pointee.isSuspect ? "silent" : pointee.heldUpBy != nil ? "held-up" : pointee.isRetiring ? "retiring" : "ready"
      }
    return LaneReport(
      worker: pointee.worker.pointee.index, node: pointee.node.pointee.name, use: use, client: client,
      database: set.pointee.database, protocolVersion: Int(set.pointee.protocolVersion),
      user: set.pointee.identity == 0 ? "" : String(decoding: credentials?.username ?? [], as: UTF8.self), state: state,
      pending: pointee.session?.inFlight ?? pointee.pending.count, unsent: pointee.unsent)
  }
}
