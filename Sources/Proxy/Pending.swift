/// A run of requests of one client, in the order in which a lane owes their replies.
///
/// Trivial, so that a queue of them costs no reference counting. Invariant: while an entry names a client, that client's
/// memory is alive, because `Client.outstanding` counts it and a closed client is freed only at zero.
struct Pending: BitwiseCopyable {
  enum Kind: UInt8 {
    /// May be sent again: it changes nothing.
    case read
    /// May be sent again only if no byte of it was handed to the kernel.
    case write
    /// Answered here, in its turn; its reply waits in the lane's `localReplies`.
    case local
    /// Passed on as they arrive; their bytes are not kept.
    case streamedRead, streamedWrite
    /// An `INFO replication` of our own: what it says of the node's data is for the lane. With `attempts` 1 it proves the
    /// lane's `probing` batch.
    case probe
    /// An `AUTH` of our own, with a new password.
    case authentication
    /// For the node's ears only: nobody waits for what it says.
    case errand
    /// Asks whether a user may run the command of ours whose number is in `attempts`. A client waits, not for the reply
    /// but until it is known.
    case permission

    /// Nobody but the ambassador hears of the reply.
    @inline(__always)
    var isOurs: Bool { rawValue >= Kind.probe.rawValue }
  }

  /// Whose requests these are; nothing when nobody waits for the replies any more.
  var client: ClientRef?
  /// Length of the requests in the lane's `requests`, or of the reply in `localReplies`. Streamed: 0.
  var bytes: UInt32
  /// Requests in the run, and how many of them have their reply.
  var count: UInt32
  var done: UInt32 = 0
  var kind: Kind
  /// The one request of this run may write any key: it is entered into the ledger when it is answered.
  var isEnteredLate = false
  /// How often these were sent before.
  var attempts: UInt8 = 0
  /// The lane measures how long these take.
  var isTimed = false
}
