/// Every bound of the data path, by name. Sizes in bytes, times in seconds.
public struct Limits: Sendable {
  /// The most reply bytes held for one client that sends on without reading; past it the client is closed, as Redis
  /// closes one past its output buffer limit. Setting `limits.client-output`.
  public var clientOutput = 64 << 20
  /// All buffers of one worker together; past it, the client that asks for more is closed. Setting `limits.memory`.
  public var workerMemory = 256 << 20
  /// Silence of a node with requests waiting, after which it counts as hung. Setting `upstream.timeout`.
  public var upstreamTimeout = 1.0
  /// Setting `upstream.connect-timeout`.
  public var connectTimeout = 1.0
  /// How long after the loss of the primary requests wait for one. Setting `failover.hold`.
  public var hold = 10.0
  /// How many bytes of requests wait at most, or would have to. Setting `failover.hold-bytes`.
  public var holdBytes = 64 << 20

  /// Upstreams that may be lent to clients at the same time, all nodes together. Setting `upstream.max-pinned`.
  public var maxPinned = 1000

  public init() {}

  /// As many more are lent for a moment, on each worker: whoever waits for an answer at the most must not be refused because
  /// of clients that keep theirs.
  static let shortLoans = 32
  /// Bytes taken from one socket in one turn.
  static let readChunk = 128 << 10
  /// A longer request goes to an upstream of its own, so that it stands in nobody's way.
  static let largeRequest = 64 << 10
  /// One that is longer still, or may become so, is not kept until it is answered, but passed on as it arrives.
  static let streamedRequest = 1 << 20
  /// How many buffers for large requests are kept while they are in use every now and then, on each worker.
  static let spareBuffers = 8
  /// The part of ``holdBytes`` that large requests on their way may take; past it, others are passed on as they arrive.
  var keptLarge: Int { holdBytes / 4 }
  /// What a streaming client may have waiting for its upstream before it is read again.
  static let streamBacklog = 256 << 10
  /// A reply with more than this still to come is passed on as it arrives instead of whole.
  static let streamedReply = 64 << 10
  /// A reply longer than this should not stand in anyone's way: its client gets an upstream of its own.
  static let bigReply = 256 << 10
  /// How many further requests of a client that got a big reply go to an upstream of its own.
  static let bigReplyMemory: UInt8 = 16
  /// Replies waiting for a client at which nothing more is asked or read for it, and at which that resumes.
  static let clientOutputHigh = 64 << 10
  static let clientOutputLow = 16 << 10
  /// Requests of one client in flight, so that nobody fills a shared lane alone.
  static let clientInFlight: Int32 = 1024
  /// Bytes waiting for a node at which clients that write to it are no longer read, and at which that resumes.
  static let laneBacklogHigh = 1 << 20
  static let laneBacklogLow = 256 << 10
  /// Keys that are entered into the ledger, or looked for in it, together.
  static let keysTogether = 16
  /// How long after its last read a replica is still asked what it has of what was written.
  static let coverageInterest = 1.0
  /// While no replica was read for that long, writes are fenced only so often: nobody waits for the proof, but the book
  /// of fences must not stay open.
  static let unreadFences = 0.2
  /// How long reads stay with the replica that was chosen last, and how many requests may be in flight on it before the
  /// choice is made anew earlier.
  static let choiceHolds = 0.001
  static let choiceBurst = 512
  /// How long a replica that has come back takes to get its full part of the reads, and the part that it begins with.
  static let warmUp = 3.0
  static let firstShare = 0.05
  /// Silence of a replica with reads waiting, after which these are asked elsewhere.
  static let replicaSilence = 0.1
  /// The silence, in upstream timeouts, after which a connection is given up although nobody else can answer: that of
  /// the primary, or of a replica while all others are silent too. Giving up earlier would only turn a slow script or a
  /// slow machine into errors and writes of unknown fate.
  static let patience = 10.0
  /// Silence of a node before a reply, after which its request is in the log of slow ones; and how many that log keeps, and
  /// the least time from one entry to the next, so that a slow network does not make the log a burden.
  static let slowRequest = 0.01
  static let slowLog = 64
  static let slowLogPause = 0.01
  /// One turn of so many is measured; a power of two.
  static let turnsPerTimed: UInt64 = 16
  /// Pause after a primary refused a write that it would take if it were one, and that of a replica that refused a read.
  static let primaryPause = 0.05
  static let replicaPause = 0.25
  /// What a primary acknowledges within this time of the first doubt is believed: it was on its way. What it says later is
  /// passed on only when it is proven anew.
  static let lastAcknowledgements = 0.2
  /// How long a former primary is listened to for what it has not executed.
  static let lastWords = 0.1
  /// How long after a succession a primary without its replicas is given time to find them.
  static let successionGrace = 5.0
  /// Sessions that move to another upstream in one tick after a reload.
  static let movesTogether = 64
  /// Resolution of all deadlines. The timer runs only while something waits.
  static let tick = 0.02
  /// How often one request is sent at most.
  static let attempts: UInt8 = 5
  /// How often of these because of silence.
  static let silentMoves: UInt8 = 2
  /// How often a script is asked again whose reply says that the primary does not write.
  static let refusalsOfScripts: UInt8 = 2
  /// Users whose lanes may exist together, on one worker.
  static let identities = 256
  /// Pause after a server has refused the handshake of a kind of connection.
  static let refusalPause = 0.5
  /// How long a user who was allowed a command that is answered here is not asked about again.
  static let permissionLife = 2.0
  /// Upstreams kept for the next client that needs one of its own, for each lane set and node.
  static let idleUpstreams = 4
  /// As many as that when they are in demand, as by workers that wait in a loop; those above the number before are closed
  /// after this time without use.
  static let mostIdleUpstreams = 64
  static let idleUpstreamLife = 10.0
  /// How long a request may have been blocking for its client to be believed to be still interested in the reply when it
  /// sends no more.
  static let blockedGrace = 0.1
  /// So much of a session's requests is kept until they are answered, and of an open transaction until its end, for another
  /// upstream if this one is lost.
  static let keptSessionBytes = 64 << 10
  /// A request that is longer than this is refused if it must be known whole.
  static let keptRequest = 16 << 20
  /// A client that neither reads nor stops sending is given room, doubled each time it has waited so long.
  static let outputPatience = 0.1
  /// Replies of other clients wait so long at most behind one that is not read.
  static let neighbourPatience = 1.0
  /// A lane's empty buffer larger than this gives its memory back at once; a smaller one when the worker is idle.
  static let keptBuffer = 256 << 10
  /// Pause before a node is tried again: doubled from the first to the last, each with jitter.
  static let firstBackoff = 0.05
  static let lastBackoff = 2.0
}
