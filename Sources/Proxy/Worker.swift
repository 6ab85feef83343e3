import Commands
import Consistency
import Reactor
import Routing
import Topology

typealias WorkerRef = UnsafeMutablePointer<Worker>

/// What a worker tells the control thread, for the log.
public enum WorkerEvent: Sendable {
  /// An upstream connection ended that was in use.
  case upstreamLost(NodeAddress, why: String)
  /// A replica has been silent with reads waiting, and these were asked elsewhere.
  case replicaSilent(NodeAddress)
  /// The primary has answered a write as only a node does that is none.
  case primaryRefused(NodeAddress, why: String)
  /// Requests have lost their primary, and all of them have been answered or go on.
  case outageOver(OutageToll)
  /// A client's subscriptions or modes were taken up again after their upstream was lost.
  case resubscribed(NodeAddress, channels: Int)
  /// A client was closed because of what it does not read.
  case clientClosed(id: UInt64, why: String)
  /// The worker follows a new configuration's topology.
  case followed(index: Int, generation: UInt64, UpstreamCounts)
  /// The worker has taken the settings that were handed over under this number.
  case configured(index: Int, step: UInt64)
  /// What was begun before a reload is finished or moved; nothing is left of the old connections. Said once for each
  /// generation, also if there was nothing.
  case drained(index: Int, generation: UInt64, hadAny: Bool)
  /// A node does not take the password that was put in the place of the one before.
  case passwordRefused(NodeAddress, why: String)
  /// A client has asked about others: all workers are to be asked (``WorkerQuestion/clients(_:)``), and its own told.
  case clientsAsked(ClientInquiry)
  /// What one worker has learned, and all others must hear (``WorkerQuestion/hear(_:)``).
  case announced(Announcement, by: Int)
  /// The worker has ended and its clients are gone.
  case ended(index: Int)

  /// Whether it speaks against the topology as it is known, so that the nodes are worth a look at once.
  public var isEvidence: Bool {
    switch self {
    case .upstreamLost, .replicaSilent, .primaryRefused: true
    case .outageOver, .resubscribed, .clientClosed, .followed, .configured, .drained, .passwordRefused, .clientsAsked,
      .announced, .ended:
      false
    }
  }
}

/// Everything on one loop: clients, lanes, the nodes as this loop sees them. Touched by one thread only.
///
/// A turn: sockets that are ready are read and their requests appended to lanes; at the end of the turn every lane with
/// something to send writes once, and every client with local replies is written once.
struct Worker: ~Copyable {
  let index: Int
  let loop: EventLoop
  let report: (WorkerEvent) -> Void
  var settings: WorkerSettings
  var table: CommandTable
  var server = ServerIdentity()
  /// Shared by all workers; owned by whoever made this one.
  let ledger: UnsafeMutablePointer<WriteLedger>

  /// Where a socket's bytes land; used by one callback at a time.
  let scratch: UnsafeMutablePointer<UInt8>
  /// Hashes of the keys that the run at hand writes, as far as they are not in the ledger, or reads, as far as they were not
  /// looked for in it: at most `Limits.keysTogether`, so that they come from memory together.
  let gathered: UnsafeMutablePointer<UInt64>
  var gatheredCount = 0
  var turnEnd = TurnEndWatcher()
  var tick = TimerWatcher()
  var drainTimer = TimerWatcher()
  var drainNudge = TimerWatcher()
  var trimTimer = TimerWatcher()
  var turn: UInt64 = 1
  var wake = WakeWatcher()
  /// When the turn that is being measured began; 0 while none is.
  var turnSince = 0.0
  /// How long turns take, from waking to sleeping: what an event waits for at the most. A sample.
  var turns = LatencyHistogram()
  var slowLog = SlowLog()
  var dice: Dice

  /// Every node ever seen; a node keeps its place, so lanes can be found by it.
  var nodes: [NodeRef] = []
  /// Which configuration the topology comes of.
  var generation: UInt64 = 0
  /// From which source of it.
  var source: UInt64 = 0
  var primary: Int?
  var primaryAbsence = "the topology is not known yet"
  var fitReplicas: [Int] = []
  var horizon = Horizon()
  var sets: [LaneSetRef] = []
  /// The ambassador's own user, then those that clients have named.
  var identities: [Identity]
  var lanes: [LaneRef] = []
  /// Own lanes in use.
  var lent = 0
  /// Lanes were handed over, and some may not have ended yet.
  var isHandingOver = false
  /// Lanes were handed over since it was last said that nothing is left of such.
  var hasHandedOver = false
  /// Sessions that may still be moved in this tick, so that a thousand subscribers do not connect at once.
  var movesLeft = 0
  /// Sessions that have lost their upstream and must have another.
  var adrift: [Session] = []

  var firstClient: ClientRef?
  var clientCount = 0
  /// Connections that were handed to it.
  var accepted = 0
  /// Bytes in all clients' `output`.
  var outputBytes = 0
  var isDraining = false
  var bigReplies = RequestMemory()
  /// The names of scripts that a replica lacked lately.
  var absentScripts = RequestMemory()
  /// Until when scripts that are sent may be ones that somebody asked for by their digest, in vain; 0 for never.
  var scriptsAreMissedUntil = 0.0
  /// Those that every node was told of lately.
  var spreadScripts = RequestMemory()

  // Work for the end of this turn. An object is in each at most once; its own flag says so.
  var toResume = Ring<ClientRef>()
  var toFlush = Ring<ClientRef>()
  var toSend = Ring<LaneRef>()
  var closed = Ring<ClientRef>()
  /// Clients that wait for a primary, in the order in which they began to, and the bytes of what they ask.
  var holding = Ring<ClientRef>()
  var heldBytes = 0
  /// What is reserved of ``Limits/keptLarge``.
  var largeBytes = 0
  /// Buffers for large requests.
  var largeBuffers = BufferPool(capacity: Limits.streamedRequest + Limits.readChunk, limit: Limits.spareBuffers)
  /// Since when requests that need a primary find none.
  var absentSince: Double?
  var outage = OutageBook()
  /// When another primary than the one before was named.
  var succeededAt = -Double.infinity
  /// The primary is not asked for a moment, because of what it answered.
  var isPrimaryPaused = false { didSet { isPrimaryBarred = isPrimaryPaused || isPaused } }
  /// The operator has asked that writes be held.
  var isPausedByOperator = false { didSet { isPaused = isPausedByOperator || postponement?.isOfEverything == true } }
  /// What the primary lets wait at the moment, because a client has asked it to.
  var postponement: Postponement? {
    didSet { isPaused = isPausedByOperator || postponement?.isOfEverything == true }
  }
  /// Nothing is asked of the primary, because somebody wants it so.
  private(set) var isPaused = false { didSet { isPrimaryBarred = isPrimaryPaused || isPaused } }
  /// Either of these: one thing to look at for each request.
  private(set) var isPrimaryBarred = false
  var pausedUntil = 0.0
  /// Clients of whom something was taken back in this turn.
  var takenBack = Ring<ClientRef>()
  /// Freed when nothing of this turn can point to them any more.
  var deadClients = Ring<ClientRef>()
  var deadLanes = Ring<LaneRef>()
  /// Clients that do not read although much waits for them.
  var impatient: [ClientRef] = []

  var counters = WorkerCounters()

  /// - Parameter dice: of its own seed in every process, or the jitter of a fleet's pods would be the same in all.
  init(
    index: Int, loop: EventLoop, settings: WorkerSettings, table: CommandTable,
    ledger: UnsafeMutablePointer<WriteLedger>,
    dice: Dice = Dice(seed: .random(in: 1 ... .max)), report: @escaping (WorkerEvent) -> Void
  ) {
    self.index = index
    self.loop = loop
    self.settings = settings
    self.table = table
    self.ledger = ledger
    self.report = report
    identities = [Identity(credentials: settings.credentials)]
    scratch = .allocate(capacity: Limits.readChunk)
    gathered = .allocate(capacity: Limits.keysTogether)
    self.dice = dice
  }

  deinit {
    scratch.deallocate()
    gathered.deallocate()
  }
}

/// The part of the configuration that the data path follows.
public struct WorkerSettings: Sendable {
  public var limits = Limits()
  /// How many workers there are.
  public var threads = 1
  /// Whether any listener's clients read their writes: otherwise no write is entered and nothing is probed.
  public var isFencing = true
  public var credentials: UpstreamCredentials?
  /// Setting `reload.drain`, in seconds.
  public var handoverTime = 30.0

  public init() {}
}

/// A worker's upstream connections after it has followed a new configuration's topology.
public struct UpstreamCounts: Sendable, Equatable {
  /// They serve on.
  public var kept = 0
  /// They are new.
  public var opened = 0
  /// They end when what was begun on them is finished.
  public var draining = 0

  public init(kept: Int = 0, opened: Int = 0, draining: Int = 0) {
    self.kept = kept
    self.opened = opened
    self.draining = draining
  }
}

/// What a worker has counted since it started.
public struct WorkerCounters: Sendable {
  /// Requests by the reason of their routing.
  public var routed = RouteCounts()
  public var readsAskedAgain = 0
  /// Requests that began to wait for a primary, and those that were taken back from one that refused them.
  public var held = 0
  public var takenBack = 0
  public var unknownFates = 0
  /// Sessions that were subscribed when their upstream was lost, and are again.
  public var resubscriptions = 0
}

/// A number for each reason of routing.
public struct RouteCounts: Sendable {
  // One slot a case, in place: an array would be an allocation and a bounds check away.
  private var counts: InlineArray<16, Int> = .init(repeating: 0)

  public init() {}

  public subscript(reason: RouteReason) -> Int {
    @inline(__always) get { counts[reason.index & 15] }
    @inline(__always) set { counts[reason.index & 15] = newValue }
  }
}

/// A small random generator (xorshift64*): choosing a replica needs no better one, and it must cost nothing.
struct Dice {
  private(set) var state: UInt64

  init(seed: UInt64) { state = seed == 0 ? 1 : seed }

  mutating func roll() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// Uniform in 0..<1.
  mutating func fraction() -> Double { Double(roll() >> 11) / Double(1 << 53) }

  /// Uniform in 0..<bound, for small positive bounds.
  mutating func below(_ bound: Int) -> Int { Int(roll() >> 33) % max(1, bound) }
}
