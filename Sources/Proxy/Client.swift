import RESP
import Reactor
import Routing

typealias ClientRef = UnsafeMutablePointer<Client>

/// A connection that the app opened.
///
/// The rule that keeps replies in order: at any time all unanswered requests of a client are on one lane. A request that
/// belongs elsewhere waits until they are answered, unless the present lane can serve it as well.
struct Client: ~Copyable {
  /// Why the client is not read at the moment.
  enum Park: UInt8 {
    /// It is read.
    case none
    /// Its next request belongs to another node than those in flight, or much waits for its turn behind these: until
    /// they are answered.
    case order
    /// It has enough in flight: until half is answered.
    case inFlight
    /// It has enough waiting to be read: until most of it is.
    case output
    /// The lane that it writes to has enough to send: until that has room.
    case room
    /// It has asked about clients on other threads: until these have answered.
    case answer
    /// What it asks next needs a primary, and there is none: until there is one, or `failover.hold` is over.
    case hold
  }

  /// What happens with a request that is too long to be kept.
  enum Stream {
    case none
    /// Its bytes go to this lane as they arrive.
    case forwarding(LaneRef)
    /// Its bytes are dropped; the refusal has been given.
    case discarding
  }

  var readWatcher = IOWatcher()
  var writeWatcher = IOWatcher()
  let worker: WorkerRef
  let fd: Int32
  let id: UInt64
  var set: LaneSetRef
  /// The lane of the unanswered requests; meaningful while `outstanding > 0`.
  var lane: LaneRef?
  /// Requests without a reply, local ones that wait for their turn included.
  var outstanding: Int32 = 0
  var park = Park.none
  /// Its descriptor is gone.
  var isClosed = false
  /// It is out of the worker's list and holds no buffers; only lanes may still count on its memory.
  var isReaped = false
  /// Its memory goes at the end of this turn.
  var isFreed = false
  /// No more input is taken; close when everything owed is written.
  var isFinishing = false
  /// It has yet to authenticate.
  var isBarred = false
  var isQueuedToResume = false
  var isDirty = false
  var isInPatienceList = false
  /// It is in the worker's list of those who wait for a primary, with so many bytes.
  var isHolding = false
  /// What it waits with is a read that any replica may answer which is proven to have enough.
  var isHeldForProof = false
  /// What it waits with is a read that any replica may answer whose connection is of use again.
  var isHeldForReplica = false
  var heldBytes = 0
  /// The absence of a primary in which it was last counted as one that waits.
  var countedAbsence = 0.0
  /// It is in the worker's list of those of whom something was taken back in this turn.
  var isTakenBack = false
  /// What was taken back, and what waits behind that.
  var held: Held?
  /// What is reserved of ``Limits/keptLarge`` for the request that is arriving.
  var largeBytes = 0
  /// `input` was given away whole, with the request in it.
  var isInputGiven = false
  /// Remaining requests for which an upstream of its own is preferred.
  var bigReplies: UInt8 = 0
  /// The key that the request under `stream` writes, by its hash; nothing when it may be any.
  var streamedKey: UInt64?
  var scanner = RequestScanner()
  var stream = Stream.none
  /// Bytes of the request under scan that were passed on or dropped.
  var streamed = 0
  /// Received, not yet dispatched.
  var input = ByteBuffer()
  /// Not yet taken by the kernel.
  var output = ByteBuffer()
  /// Replies at which nothing more is asked for this client.
  var outputHigh = Limits.clientOutputHigh
  /// Since when it has not read although replies wait.
  var stuckSince = 0.0
  /// The lane that is not read because of this client.
  var holdsUp: LaneRef?
  /// How its reads are served, as the listener that it came through has it.
  var rules = ListenerRules()
  /// Which listener that was.
  var listener = 0
  /// What a server holds for it, and the upstream where it does.
  var session: Session?
  /// What all threads have said about their clients.
  var findings: Findings?
  /// When it connected.
  let since: Double
  /// Clients have their invalidations sent to it (CLIENT TRACKING with REDIRECT).
  var isRedirectedTo = false
  /// The command that it has sent last, by its id in the table; 0 for none or an unknown one.
  var lastCommand: UInt16 = 0
  /// As `CLIENT SETNAME` left it.
  var name: [UInt8] = []
  var previous: ClientRef?
  var next: ClientRef?

  init(worker: WorkerRef, fd: Int32, id: UInt64, set: LaneSetRef) {
    self.worker = worker
    self.fd = fd
    self.id = id
    self.set = set
    since = worker.pointee.loop.now
  }
}
