import Testing
import Topology

/// What a replica and the primary say of each other, and whether the one is known to follow the other itself.
struct Kinship: CustomTestStringConvertible {
  var title: String
  /// Whom the replica `a:6379` names.
  var follows: NodeAddress?
  /// Whom the primary `p:6379` names.
  var lists: [NodeAddress] = []
  var isOnline = true
  var role = ReplicationInfo.Role.replica
  /// What names stand for.
  var literals: [NodeAddress: NodeAddress] = [:]
  var isDirect: Bool

  var testDescription: String { title }
}

@Suite("Replicas of the primary, and replicas of replicas")
struct DirectReplicaTests {
  private static let literalOfP = NodeAddress(host: "10.0.0.1", port: 6379)
  private static let literalOfA = NodeAddress(host: "10.0.0.2", port: 6379)

  static let kinships: [Kinship] = [
    Kinship(title: "It names the primary as it is configured", follows: p, isDirect: true),
    Kinship(
      title: "It names the address of the primary", follows: literalOfP, literals: [p: literalOfP], isDirect: true),
    Kinship(title: "It names an address that nobody is known by", follows: literalOfP, isDirect: false),
    Kinship(
      title: "It names the primary's host with another port", follows: NodeAddress(host: "p", port: 6380),
      isDirect: false),
    Kinship(title: "It names another replica", follows: b, isDirect: false),
    Kinship(
      title: "It names another replica by its address", follows: literalOfA, literals: [p: literalOfP, b: literalOfA],
      isDirect: false),
    Kinship(title: "It names nobody", follows: nil, isDirect: false),
    Kinship(title: "The primary names it as it is configured", follows: stranger, lists: [b, a], isDirect: true),
    Kinship(
      title: "The primary names its address", follows: stranger, lists: [literalOfA], literals: [a: literalOfA],
      isDirect: true),
    Kinship(
      title: "The primary names it, but it has no copy yet", follows: stranger, lists: [a], isOnline: false,
      isDirect: false),
    Kinship(
      title: "The primary names others only", follows: stranger, lists: [b, literalOfA], literals: [p: literalOfP],
      isDirect: false),
    Kinship(title: "It says that it is a primary", follows: nil, lists: [a], role: .primary, isDirect: false),
  ]

  @Test("Who follows whom", arguments: kinships)
  func kinship(_ kinship: Kinship) {
    var topology = StaticTopology(primary: p, replicas: [a, b])
    topology.lose(b)
    for (node, literal) in kinship.literals { topology.locate(node, at: literal) }
    let listed = kinship.lists.map {
      ReplicationInfo.AttachedReplica(address: $0, isOnline: kinship.isOnline)
    }
    topology.observe(
      a, .answered(ReplicationInfo(role: kinship.role, primary: kinship.follows), isLoading: false))
    #expect(topology.snapshot.replicas.allSatisfy { !$0.isDirect }, "there is no primary yet")
    topology.observe(p, .answered(ReplicationInfo(role: .primary, replicas: listed), isLoading: false))
    #expect(topology.snapshot.replicas.map(\.isDirect) == [kinship.isDirect, false])
    topology.observe(p, gone)
    #expect(topology.snapshot.replicas.allSatisfy { !$0.isDirect }, "nobody follows a primary that is not proven")
  }

  @Test("A replica that is pointed at another, and back")
  func moves() {
    var topology = StaticTopology(primary: p, replicas: [])
    topology.observe(p, isPrimary(of: a, b))
    topology.observe(a, isReplica())
    topology.observe(b, isReplica())
    #expect(topology.snapshot.replicas.map(\.isDirect) == [true, true])
    topology.observe(p, isPrimary(of: a))
    topology.observe(b, isReplica(of: a))
    #expect(topology.snapshot.replicas.map(\.isDirect) == [true, false])
    #expect(topology.snapshot.fitReplicas == [a, b])
    topology.observe(b, isReplica())
    #expect(topology.snapshot.replicas.map(\.isDirect) == [true, true])
    topology.observe(b, gone)
    #expect(topology.snapshot.replicas.map(\.isDirect) == [true, false])
  }

  @Test("Names that stand for other addresses now")
  func relocated() {
    var topology = StaticTopology(primary: p, replicas: [a])
    topology.locate(p, at: Self.literalOfP)
    topology.observe(p, isPrimary())
    topology.observe(a, isReplica(of: Self.literalOfP))
    #expect(topology.snapshot.replicas.map(\.isDirect) == [true])
    topology.locate(p, at: Self.literalOfA)
    #expect(topology.snapshot.replicas.map(\.isDirect) == [false])
  }
}
