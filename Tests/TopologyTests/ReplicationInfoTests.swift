import Testing
import Topology

@Suite("What INFO replication says")
struct ReplicationInfoTests {
  private static let history = "caa518163b9c40f2cab901377efbdb6eda461faf"
  private static let primary = NodeAddress(host: "127.0.0.1", port: 27411)

  private static func attached(_ port: UInt16, isOnline: Bool = true) -> ReplicationInfo.AttachedReplica {
    .init(address: NodeAddress(host: "127.0.0.1", port: port), isOnline: isOnline)
  }

  static let real: [(String, ReplicationInfo)] = [
    (
      InfoTexts.primaryAlone,
      ReplicationInfo(role: .primary, replicationID: "e287140cce58dc8984a921ba1c2ece7632ff2135", offset: 0)
    ),
    (
      InfoTexts.primaryWithReplicas,
      ReplicationInfo(
        role: .primary, replicationID: history, offset: 50, replicas: [attached(27412), attached(27413)])
    ),
    (
      InfoTexts.primaryWithSyncingReplica,
      ReplicationInfo(
        role: .primary, replicationID: "dec6c230d643e742013222144a941b23f9488175", offset: 0,
        replicas: [attached(27412), attached(27414, isOnline: false)])
    ),
    (
      InfoTexts.replicaLinked,
      ReplicationInfo(role: .replica, replicationID: history, offset: 50, primary: primary)
    ),
    (
      InfoTexts.replicaLinkDown,
      ReplicationInfo(role: .replica, replicationID: history, offset: 50, isLinked: false, primary: primary)
    ),
    (
      InfoTexts.replicaRestartedFromFile,
      ReplicationInfo(role: .replica, replicationID: history, offset: 0, isLinked: false, primary: primary)
    ),
    (
      InfoTexts.replicaRestartedEmpty,
      ReplicationInfo(
        role: .replica, replicationID: "4e2588849927167d284a3710cbadd3152b06843e", offset: 1, isLinked: false,
        primary: primary)
    ),
    (
      InfoTexts.replicaSyncing,
      ReplicationInfo(
        role: .replica, replicationID: "649d24e1a1ad443b09bafdfc2049931a73737c59", offset: 1, isLinked: false,
        isSyncing: true, primary: primary)
    ),
    (
      InfoTexts.keyDBActiveReplica,
      ReplicationInfo(
        role: .primary, replicationID: "b1fc0f2c1d9b4d4c8d0b6d2f3e7a9c5d1e2f3a4b", offset: 812,
        replicas: [.init(address: NodeAddress(host: "10.0.0.2", port: 6379), isOnline: true)])
    ),
  ]

  @Test("Real texts, with the line ends of the wire and of a terminal", arguments: real)
  func recorded(text: String, expected: ReplicationInfo) {
    #expect(ReplicationInfo(text: text) == expected)
    #expect(ReplicationInfo(text: text.split(separator: "\n").joined(separator: "\r\n") + "\r\n") == expected)
  }

  @Test(
    "Texts without a known role say nothing",
    arguments: [
      "", "\r\n", ":", "role", "role:", "role:sentinel", "role:MASTER", "role: master", " role:master", "Role:master",
      "role:master:", "role:slave\0", "# Replication\r\nconnected_slaves:0\r\n", "-NOPERM no\r\n",
    ])
  func withoutRole(text: String) {
    #expect(ReplicationInfo(text: text) == nil)
  }

  @Test("What is missing or makes no sense is left out, the rest is kept")
  func hostile() throws {
    #expect(ReplicationInfo(text: "role:master") == ReplicationInfo(role: .primary))
    // Without a word about the link there is none.
    #expect(ReplicationInfo(text: "role:slave") == ReplicationInfo(role: .replica, isLinked: false))
    let huge = String(repeating: "9", count: 400)
    for number in [huge, "-" + huge, "", "x", "1.5", "0x10", " 7", "7 "] {
      #expect(ReplicationInfo(text: "role:master\nmaster_repl_offset:\(number)")?.offset == 0, "\(number)")
    }
    for port in [huge, "-1", "-6379", "65536", "0", "", "6379 "] {
      let replica = try #require(ReplicationInfo(text: "role:slave\nmaster_host:a\nmaster_port:\(port)"))
      #expect(replica.primary == nil, "\(port)")
      let primary = try #require(
        ReplicationInfo(text: "role:master\nslave0:ip=a,port=\(port),state=online\nslave1:ip=b,port=2,state=online"))
      #expect(primary.replicas.map(\.address.host) == ["b"], "\(port)")
    }
    #expect(ReplicationInfo(text: "role:slave\nmaster_host:\nmaster_port:6379")?.primary == nil)
  }

  @Test(
    "Rows of replicas that name no address are skipped",
    arguments: [
      "", ",", "=", "ip", "ip=,port=1,state=online", "port=1,state=online", "ip=a,state=online",
      "ip=a,port=,state=online",
    ])
  func brokenRows(row: String) throws {
    let info = try #require(ReplicationInfo(text: "role:master\nslave0:\(row)\nslave1:port=65535,ip=::1,lag=0"))
    #expect(info.replicas == [.init(address: NodeAddress(host: "::1", port: 65535), isOnline: false)])
    #expect(info.replicas.first?.address.description == "[::1]:65535")
  }

  @Test("Of lines that come twice the last one counts, as in a text that was cut and appended")
  func duplicates() {
    let text =
      "role:slave\nmaster_repl_offset:1\nrole:master\nmaster_repl_offset:2\nslave0:ip=a,port=1\nslave0:ip=b,port=2"
    #expect(
      ReplicationInfo(text: text)
        == ReplicationInfo(
          role: .primary, offset: 2,
          replicas: [.init(address: NodeAddress(host: "b", port: 2), isOnline: false)]))
  }

  @Test("A replica's own replicas are not taken for those of the primary")
  func chained() {
    let info = ReplicationInfo(
      text: InfoTexts.replicaLinked + "\nslave0:ip=10.0.0.9,port=6379,state=online,offset=1,lag=0")
    #expect(info?.replicas == [])
    #expect(info?.role == .replica)
  }
}
