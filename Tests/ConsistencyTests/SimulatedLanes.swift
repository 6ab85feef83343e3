import Consistency

/// A connection to a primary: first in, first out, both ways.
final class SimulatedPrimaryLane {
  enum Request {
    /// The key, nothing for every key; and the batch.
    case write(Int?, Ticket)
    case probe(Ticket)
  }

  enum Reply {
    case acknowledged(version: Int, key: Int?)
    case refused
    /// Nothing when the server answered with an error.
    case probed(Ticket, ReplicationPoint?)
  }

  let node: SimulatedNode
  let process: Int
  /// Which of the primaries that discovery has named this is.
  let reign: UInt64
  /// How rarely anything happens on it.
  let sluggishness: Int
  /// The worker has another primary now: what is under way is waited for, and nothing is added.
  var isRetired = false
  var unsent: [Int?] = []
  var requests: [Request] = []
  var replies: [Reply] = []
  /// The batch that writes on this lane belong to until a probe is sent behind them.
  var open: Ticket?
  /// The batch whose probe is under way.
  var proving: Ticket?

  init(node: SimulatedNode, reign: UInt64, sluggishness: Int) {
    self.node = node
    process = node.process
    self.reign = reign
    self.sluggishness = sluggishness
  }

  var isBroken: Bool { !node.isAlive || node.process != process }
  var isIdle: Bool { unsent.isEmpty && requests.isEmpty && replies.isEmpty && open == nil && proving == nil }
}

/// A connection to a node that is read from.
final class SimulatedReplicaLane {
  struct Read {
    /// For each key that is read, how many of its writes were acknowledged when the read was sent.
    var acknowledged: [(key: Int, count: Int)]
    /// Reads of earlier rounds were asked again elsewhere.
    var round: Int
  }

  enum Request {
    case probe
    case read(Read)
    /// A probe and the reads behind it, which reach the node together.
    case probeAndReads([Read])
  }

  enum Reply {
    /// Nothing when the server answered with an error; and what it had then.
    case probed(ReplicationPoint?, [SimulatedEntry])
    case read(Read, [SimulatedEntry])
  }

  let node: SimulatedNode
  let process: Int
  let sluggishness: Int
  var coverage = Coverage()
  var round = 0
  var requests: [Request] = []
  var replies: [Reply] = []

  init(node: SimulatedNode, sluggishness: Int) {
    self.node = node
    process = node.process
    self.sluggishness = sluggishness
  }

  var isBroken: Bool { !node.isAlive || node.process != process }
}

/// A thread of the ambassador, with its own idea of who is the primary.
final class SimulatedWorker {
  var primary = 0
  var reign: UInt64 = 0
  var lanes: [SimulatedPrimaryLane] = []
  var retired: [SimulatedPrimaryLane] = []
  var primaryLanes: [SimulatedPrimaryLane] { retired.isEmpty ? lanes : lanes + retired }
  /// One for each node.
  var replicaLanes: [SimulatedReplicaLane] = []
}
