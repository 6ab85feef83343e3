import Consistency
import RESP
import Reactor

typealias LaneRef = UnsafeMutablePointer<Lane>

/// An upstream connection and the replies that it owes, in order.
///
/// A *shared* lane carries the requests of many clients; an *own* lane is lent to one client, because what the client
/// sends or receives would hold up the others (or, later, because it keeps state in the server).
///
/// `requests` holds, in order: the requests of `pending` that were handed to the kernel (kept until their replies have
/// come, so that reads can be asked elsewhere), then those that were not.
struct Lane: ~Copyable {
  enum State: UInt8 {
    /// Waiting for TCP. Leaves for greeting, or closed.
    case connecting
    /// Waiting for the replies to the handshake. Leaves for ready, or closed.
    case greeting
    /// Requests may be sent. Leaves for closed.
    case ready
    /// Its descriptor is gone and `pending` is empty; freed at the end of the turn.
    case closed
  }

  enum Sharing {
    case shared
    /// Lent to one client; nothing when that client has gone and only the end of its traffic is awaited.
    case own(ClientRef?)
  }

  var readWatcher = IOWatcher()
  var writeWatcher = IOWatcher()
  var fd: Int32 = -1
  var state = State.connecting
  var sharing = Sharing.shared
  /// Its node has left the topology, or the connection is to be replaced: it ends when it owes nothing.
  var isRetiring = false
  /// A reload has put another in the place of its node, which may be well: what was begun here is finished here.
  var isHandedOver = false
  /// Until when its node, a former primary, may still say of what it was sent that it was not executed.
  var refusesUntil: Double?
  /// Its node is in doubt: what has yet to be sent waits.
  var isGated = false
  /// Its node is in doubt and has answered a write: nothing more is taken from it until the doubt is over.
  var isFrozen = false
  /// It has been silent with reads waiting, and gets nothing until it speaks.
  var isSuspect = false
  /// In the worker's list of lanes with something to send.
  var isDirty = false
  /// Part of the reply at the head has reached its client, so it can come from nowhere else.
  var isReplyStarted = false
  /// What its client has on it, while it is lent for that.
  var session: Session?
  /// Others have been told the server's id for it, and may mean its present client by that: it serves no other.
  var isKnownByID = false
  /// The server's id for this connection; 0 while nobody has asked, -1 when it does not tell.
  var upstreamID = 0
  let worker: WorkerRef
  let node: NodeRef
  let set: LaneSetRef
  /// Where it was opened to; the node may be elsewhere since.
  let address: SocketAddress
  /// What this server last took, or is about to be given, from the ambassador's own user.
  var ownCredentials: UpstreamCredentials?

  var requests = ByteBuffer()
  /// Bytes at the front of `requests` that were handed to the kernel.
  var sent = 0
  /// What is reserved of ``Limits/keptLarge`` for what a client has on it.
  var largeBytes = 0
  /// Bytes of a streamed request among the unsent ones at the front; they are not kept.
  var streamUnsent = 0
  /// All bytes of streamed requests that a session has brought it.
  var streamQueued = 0
  /// The last request is still arriving from its client.
  var isStreamOpen = false
  var pending = Ring<Pending>()
  var localReplies = ByteBuffer()

  var scanner = ReplyScanner()
  /// The unfinished reply at the head, until more of it comes.
  var partial = ByteBuffer()
  /// Bytes of that reply that were passed on already.
  var passedOn = 0

  var handshake = ByteBuffer()
  var handshakeReplies = 0

  /// When something last moved, while a reply is awaited.
  var lastProgress = 0.0
  /// Since when the run is under way that is being measured; 0 while none is, infinite when what it takes says nothing.
  var timedSince = 0.0
  /// Runs that were appended since the last flush, as far as `pending` still has them.
  var newRuns: Int32 = 0
  /// The client that must read before this lane is read again.
  var heldUpBy: ClientRef?
  /// Clients that wait for room in `requests`.
  var waiters = Ring<UnsafeMutablePointer<Client>>()
  /// Runs that may be in flight together: few after a big reply, so that the next big one finds few others waiting.
  var window = Int32.max
  /// When it was given back.
  var idleSince = 0.0
  /// When it was opened, and when it became ready.
  let openedAt: Double
  var readySince = 0.0

  /// Its node was the primary, and has a primary's time to answer.
  var keepsPrimarysTime = false
  /// When what a client holds on it since before a reload is moved, finished or not.
  var handedOverUntil = 0.0

  /// The batch of writes to this lane that no probe stands behind yet; 0 for none.
  var batch: Ticket = 0
  /// The batch whose probe is under way; 0 for none.
  var probing: Ticket = 0
  /// Probes under way that are of no batch any more.
  var probesGivenUp = 0
  /// What is proven of the data that reads on this lane see.
  var coverage = Coverage()
  /// A read was refused for want of proof: the next flush asks, even alone.
  var isProofWanted = false
  /// When a batch's proof was last asked for.
  var lastProof = 0.0
  /// When reads were last sent here.
  var lastRead = 0.0
  /// The turn in which a probe was put in front of the reads.
  var turnOfProbe: UInt64 = 0

  init(worker: WorkerRef, node: NodeRef, set: LaneSetRef, address: SocketAddress) {
    self.worker = worker
    self.node = node
    self.set = set
    self.address = address
    openedAt = worker.pointee.loop.now
  }

  var unsent: Int { requests.count - sent }

  var isShared: Bool {
    if case .shared = sharing { true } else { false }
  }

  /// Whether a client has it for itself at the moment.
  var isLent: Bool {
    if case .own(.some) = sharing { true } else { false }
  }

  /// Whether the silence is the node's: it owes a reply, or does not take what a streamed request has for it. When it
  /// has taken all of one that is not finished, the silence is the client's.
  var isAwaitingReply: Bool {
    guard let head = pending.first else { return false }
    switch head.pointee.kind {
    case .read, .write, .local, .probe, .authentication, .errand, .permission: return sent > 0
    case .streamedRead, .streamedWrite: return !isStreamOpen || streamUnsent > 0
    }
  }
}
