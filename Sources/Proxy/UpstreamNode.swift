import Consistency
import Reactor
import Topology

typealias NodeRef = UnsafeMutablePointer<UpstreamNode>

/// A worker's view of one redis-server: its address, its part in the topology, and when it may be tried again.
///
/// Freed only with its worker, so a lane's pointer to its node is always good.
struct UpstreamNode: ~Copyable {
  let name: NodeAddress
  var address: SocketAddress
  /// The process that is meant, where that matters; empty where it does not, or is not known.
  var process = ""
  var isPrimary = false
  /// Under which number it was named as the primary last. What an earlier primary's connections still say is believed no
  /// more.
  var reign: UInt64 = 0
  /// It is the primary, or was the last one while there is none: nobody else can tell what became of its writes, so it
  /// is given a primary's time to answer them.
  var isLastPrimary = false
  /// Since when it is not proven to be the primary any more, while nobody else is; infinite while there is no such doubt.
  var doubtedSince = Double.infinity
  var isFitReplica = false
  /// It follows the primary itself. The data of a replica's replica may go back when the one between restarts.
  var isDirect = true
  /// What the connection to it that learned something last was proven to have. For how much the ledger may forget; what is
  /// read where does not depend on it.
  var lastProven: Ticket = 0
  /// It is not read from until then, because of what it answered.
  var shunnedUntil = 0.0
  /// Since when it may be read from; never, if that is infinitely long ago.
  var fitSince = -Double.infinity
  /// Since when it is read from again, beside others that were all along; infinitely long where it does not matter.
  var warmSince = -Double.infinity
  /// Requests in flight to it, all lanes together.
  var outstanding = 0
  var traffic = NodeTraffic()
  private var failures = 0
  private var failedAt = -Double.infinity
  private(set) var retryAt = 0.0
  var lastFailure = ""

  init(name: NodeAddress, address: SocketAddress) {
    self.name = name
    self.address = address
  }

  /// The share of choices in which it counts: a replica that has come back, or is new, has cold caches, and gets its part
  /// of the reads little by little.
  func readShare(now: Double) -> Double {
    let age = now - warmSince
    return age >= Limits.warmUp ? 1 : Swift.max(Limits.firstShare, age / Limits.warmUp)
  }

  /// Whether a new connection may be tried now.
  func mayConnect(now: Double) -> Bool { now >= retryAt }

  /// Puts the next attempt off: exponentially, with jitter so that a fleet does not come back in step. The first failure
  /// after a success is followed by an attempt at once. Connections that there were already when another one failed are
  /// lost together with it, however many they are.
  /// - Parameters:
  ///   - opened: when the connection, or the attempt, began.
  ///   - dice: uniform in 0..<1.
  mutating func recordFailure(_ why: String, since opened: Double, now: Double, dice: Double) {
    lastFailure = why
    guard opened >= failedAt else { return }
    failedAt = now
    let pause = failures == 0 ? 0 : min(Limits.lastBackoff, Limits.firstBackoff * Double(1 << min(failures - 1, 10)))
    failures += 1
    retryAt = now + pause * (0.5 + dice / 2)
  }

  /// A connection has lasted, or discovery has found it to answer: the node is well.
  mutating func recordSuccess() {
    failures = 0
    retryAt = 0
  }
}
