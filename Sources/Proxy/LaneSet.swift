import Reactor

typealias LaneSetRef = UnsafeMutablePointer<LaneSet>

/// The lanes that serve clients whose connections look alike to a server: the same database and RESP version.
///
/// Upstream connections have that state, and sharing one is honest only between clients that agree on it.
/// Freed only with its worker.
struct LaneSet: ~Copyable {
  let database: Int
  /// 2 or 3.
  let protocolVersion: UInt8
  /// The shared lane to each node, by the node's place in the worker's list.
  var shared: [LaneRef?] = []
  /// Idle upstreams to each node for clients that need one of their own.
  var idle: [[LaneRef]] = []
  /// The lane chosen for this turn's reads, if the choice was made in it. A turn's reads stay together, so that their
  /// requests leave in one write; and the choice holds for a while, so that the clients whose replies come together ask
  /// together again.
  var turnChoice: LaneRef?
  var turnOfChoice: UInt64 = 0
  var choiceHoldsUntil = 0.0

  init(database: Int, protocolVersion: UInt8) {
    self.database = database
    self.protocolVersion = protocolVersion
  }
}
