import Reactor
import Routing

typealias LaneSetRef = UnsafeMutablePointer<LaneSet>

/// The lanes that serve clients whose connections look alike to a server: the same database, RESP version and user.
///
/// Upstream connections have that state, and sharing one is honest only between clients that agree on it.
/// Freed only with its worker.
struct LaneSet: ~Copyable {
  let database: Int
  /// 2 or 3.
  let protocolVersion: UInt8
  /// The user that their connections are authenticated as: a place in the worker's list.
  let identity: Int
  /// Which nodes have refused the handshake of this kind of connection, by the node's place in the worker's list.
  private var refusals: [HandshakeRefusal] = []
  /// Clients that use it now, and since when there are none.
  var clients = 0
  var unusedSince = 0.0
  /// The shared lane to each node, by the node's place in the worker's list.
  var shared: [LaneRef?] = []
  /// Idle upstreams to each node for clients that need one of their own.
  var idle: [[LaneRef]] = []
  /// The choices for reads, by policy.
  private var choices: InlineArray<4, ReadChoice> = .init(repeating: ReadChoice())

  init(database: Int, protocolVersion: UInt8, identity: Int) {
    self.identity = identity
    self.database = database
    self.protocolVersion = protocolVersion
  }

  /// The one that every client begins with.
  var isFirst: Bool { identity == 0 && database == 0 && protocolVersion == 2 }

  subscript(policy: ReadPolicy) -> ReadChoice {
    @inline(__always) get { choices[policy.index] }
    @inline(__always) set { choices[policy.index] = newValue }
  }

  mutating func note(_ refusal: HandshakeRefusal, by place: Int) {
    while refusals.count <= place { refusals.append(HandshakeRefusal()) }
    refusals[place] = refusal
  }

  /// What a node has said to this kind of connection, as long as no other is to be tried.
  func refusal(by place: Int, now: Double) -> HandshakeRefusal? {
    guard place < refusals.count, refusals[place].until > now else { return nil }
    return refusals[place]
  }

  /// What is different now may be about a connection of this kind.
  mutating func forgetRefusals() { refusals = [] }

  /// The next read chooses anew.
  mutating func chooseAnew() {
    for index in choices.indices { choices[index].turn = 0 }
  }

  /// The same, and nothing is left of this lane.
  mutating func forget(_ lane: LaneRef) {
    chooseAnew()
    for index in choices.indices where choices[index].lane == lane { choices[index].lane = nil }
  }
}

/// A node is well, but has no connection of a kind.
struct HandshakeRefusal {
  /// None is tried before then.
  var until = 0.0
  /// The server's own, which are for the clients whose user it does not take or does not let choose the database; nothing
  /// where the matter is between the server and the ambassador.
  var words: String?
}

/// The lane chosen for a turn's reads. A turn's reads stay together, so that their requests leave in one write; and the
/// choice holds for a while, so that the clients whose replies come together ask together again.
struct ReadChoice: BitwiseCopyable {
  var lane: LaneRef?
  /// The turn in which it was made.
  var turn: UInt64 = 0
  var holdsUntil = 0.0
}

extension ReadPolicy {
  @inline(__always)
  fileprivate var index: Int {
    switch self {
    case .primary: 0
    case .preferReplica: 1
    case .replica: 2
    case .any: 3
    }
  }
}
