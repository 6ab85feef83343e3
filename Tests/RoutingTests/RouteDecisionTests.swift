import Commands
import Routing
import Testing

@Suite("Where a command goes by itself")
struct RouteDecisionTests {
  let table = CommandTable.builtin

  private func spec(_ name: String) -> CommandSpec {
    let parts = name.split(separator: "|").map { Array($0.utf8) }
    return parts[0].withUnsafeBytes { name in
      parts.count == 1 ? table.lookup(name) : parts[1].withUnsafeBytes { table.lookup(name, subcommand: $0) }
    }
  }

  /// All that is readonly in 7.0.15, without the exceptions. Written out: a change of the table shows here.
  static let replicaReads = """
    bitcount bitfield_ro bitpos dump eval_ro evalsha_ro exists expiretime fcall_ro geodist geohash geopos georadius_ro
    georadiusbymember_ro geosearch get getbit getrange hexists hget hgetall hkeys hlen hmget hrandfield hstrlen hvals
    lcs lindex llen lolwut lpos lrange mget pexpiretime pttl scard sdiff sinter sintercard sismember smembers
    smismember sort_ro srandmember strlen substr sunion ttl type xinfo|consumers xinfo|groups xinfo|stream xlen
    xpending xrange xread xrevrange zcard zcount zdiff zinter zintercard zlexcount zmscore zrandmember zrange
    zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscore zunion
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  static let exceptions = """
    dbsize hscan keys memory|usage object|encoding object|freq object|idletime object|refcount pfcount
    randomkey scan sscan touch zscan
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test("Every command of the table, by the default policy")
  func golden() {
    var replica: Set<String> = []
    var exception: Set<String> = []
    for name in table.allNames {
      let decision = RouteDecision.decide(spec: spec(name), policy: .preferReplica, replicasFit: true)
      switch (decision.target, decision.reason) {
      case (.replica, .readonlyCommand): replica.insert(name)
      case (.primary, .exception): exception.insert(name)
      case (.primary, .writeCommand): #expect(spec(name).flags.contains(.write))
      case (.primary, .otherCommand): #expect(spec(name).flags.isDisjoint(with: [.readonly, .write]))
      default: Issue.record("\(name): \(decision)")
      }
    }
    #expect(replica == Set(Self.replicaReads))
    #expect(exception == Set(Self.exceptions))
    #expect(Self.replicaReads.count + Self.exceptions.count == 90)
  }

  @Test(
    "What each policy does with a read",
    arguments: [
      (ReadPolicy.primary, true, RouteDecision(.primary, .policyPrimary)),
      (.primary, false, RouteDecision(.primary, .policyPrimary)),
      (.preferReplica, true, RouteDecision(.replica, .readonlyCommand)),
      (.preferReplica, false, RouteDecision(.primary, .noFitReplica)),
      (.replica, true, RouteDecision(.replica, .readonlyCommand)),
      (.replica, false, RouteDecision(.none, .noFitReplica)),
      (.any, true, RouteDecision(.any, .readonlyCommand)),
      (.any, false, RouteDecision(.primary, .noFitReplica)),
    ])
  func policies(policy: ReadPolicy, replicasFit: Bool, expected: RouteDecision) {
    #expect(RouteDecision.decide(spec: spec("get"), policy: policy, replicasFit: replicasFit) == expected)
  }

  @Test("Whatever the policy, only reads leave the primary", arguments: ReadPolicy.allCases, [true, false])
  func writesStay(policy: ReadPolicy, replicasFit: Bool) {
    for (name, reason) in [
      ("set", RouteReason.writeCommand), ("getex", .writeCommand), ("eval", .otherCommand), ("scan", .exception),
      ("no-such-command", .unknownCommand),
    ] {
      let decision = RouteDecision.decide(spec: spec(name), policy: policy, replicasFit: replicasFit)
      #expect(decision == RouteDecision(.primary, reason))
    }
  }

  @Test("A decision is a trivial value of two bytes")
  func layout() {
    #expect(MemoryLayout<RouteDecision>.size == 2)
    #expect(_isPOD(RouteDecision.self))
  }

  @Test(
    "Explained to people",
    arguments: [
      ("get", "get goes to a replica (readonly-command): the server calls it readonly"),
      ("set", "set goes to the primary (write-command): the server calls it a write"),
      (
        "scan",
        "scan goes to the primary (exception): a cursor means something only to the node that issued it: "
          + "across nodes a scan misses elements"
      ),
      (
        "ping",
        "ping is answered by the ambassador: it asks whether this connection is alive, and may not wait behind others"
      ),
      (
        "multi",
        "multi needs an upstream of its own, to the primary: the server queues what follows on the connection, whoever sent it"
      ),
      (
        "xread",
        "xread goes to a replica (readonly-command), with BLOCK on an upstream of its own: "
          + "with BLOCK it waits, and everything behind it on the same connection waits with it"
      ),
      ("nope", "an unknown command goes to the primary (unknown-command): nobody has told us what it does"),
    ])
  func explained(name: String, expected: String) {
    let spec = spec(name)
    let decision = RouteDecision.decide(spec: spec, policy: .preferReplica, replicasFit: true)
    #expect(decision.explain(spec, in: table) == expected)
  }
}
