import RESP
import Topology

/// Why a command got no reply from a node. Rendered in one place, as what a client library shows: a code that programs
/// can match and a sentence that says what happened to the command.
indirect enum ProxyRefusal: Sendable {
  /// There is no primary; the sentence says why.
  case noPrimary(String)
  /// The operator or a client has paused writes, and more would wait than may.
  case paused
  /// `reads.policy: replica` and none can be read from.
  case noReplica
  /// The server does not take the client's user, or not for this database; in its own words.
  case refused(String)
  /// The upstream ended before any byte of the command was sent, or sending it again has failed too often.
  case notExecuted(NodeAddress, String)
  /// The command was sent, and its reply will never come.
  case unknownFate(NodeAddress, String)
  /// A read of what was written lately, while the primary cannot answer it.
  case unproven(ProxyRefusal)
  /// A read that was passed on piecewise could not be sent again.
  case readLost(NodeAddress, String)
  /// All upstreams that may be lent are lent.
  case noUpstreamLeft(Int)
  /// As many users as may be have lanes of their own.
  case tooManyUsers
  /// It belongs to a transaction whose upstream is gone.
  case transactionLost(String)
  /// The command needs an upstream of its own.
  case needsOwnUpstream(String, String)
  case notSupported(String)

  var bytes: [UInt8] {
    var out: [UInt8] = []
    ReplyWriter.appendError(text, to: &out)
    return out
  }

  /// Why, without what became of the command.
  var reason: String {
    switch self {
    case .noPrimary(let why), .refused(let why): why
    case .paused: "writes are paused"
    case .notExecuted(let node, let why), .unknownFate(let node, let why), .readLost(let node, let why):
      "lost \(node): \(why)"
    case .unproven(let absence): absence.reason
    case .noUpstreamLeft: "all upstream connections for clients that need their own are in use"
    case .tooManyUsers, .noReplica, .needsOwnUpstream, .notSupported, .transactionLost:
      "no upstream connection can be had"
    }
  }

  private var text: String {
    switch self {
    case .noPrimary(let why): "AMBDOWN \(why); the command was not executed"
    case .refused(let words): words
    case .paused:
      "AMBDOWN writes are paused and more may not wait (failover.hold-bytes); the command was not executed"
    case .noReplica: "AMBDOWN no replica can be read from and reads.policy is replica; the command was not executed"
    case .notExecuted(let node, let why): "AMBDOWN lost \(node): \(why); the command was not executed"
    case .unknownFate(let node, let why):
      "AMBUNKNOWN the command was sent to \(node) and its reply was lost (\(why)); it may or may not have been executed"
    case .unproven(let absence):
      "\(absence.text) (no replica is proven to have the last write of its keys, and reads.consistency is read-your-writes)"
    case .readLost(let node, let why): "AMBDOWN lost \(node): \(why); nothing was changed, ask again"
    case .tooManyUsers:
      "AMBBUSY \(Limits.identities - 1) users are authenticated already; close connections of some of them"
    case .transactionLost(let why): "AMBDOWN \(why); the transaction is discarded and the command was not executed"
    case .noUpstreamLeft(let limit):
      "AMBBUSY all \(limit) upstream connections for clients that need their own are in use; the command was not executed"
    case .needsOwnUpstream(let command, let why):
      "AMBUNSUPPORTED '\(command)' needs a connection to Redis of its own (\(why)), which this version of redis-amb does not give; the command was not executed"
    case .notSupported(let what):
      "AMBUNSUPPORTED \(what) is not supported by this version of redis-amb; the command was not executed"
    }
  }
}
