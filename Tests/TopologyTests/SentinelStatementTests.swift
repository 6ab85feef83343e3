import Testing
import Topology

@Suite("What Sentinels say, read")
struct SentinelStatementTests {
  private static let old = NodeAddress(host: "127.0.0.1", port: 17101)
  private static let new = NodeAddress(host: "127.0.0.1", port: 17103)

  @Test(
    "Events as recorded",
    arguments: [
      ("+switch-master", "mymaster 127.0.0.1 17101 127.0.0.1 17103", .switched(from: old, to: new)),
      ("+try-failover", "master mymaster 127.0.0.1 17101", .failover(against: old)),
      (
        "+failover-state-select-slave", "master mymaster 127.0.0.1 17101",
        .failover(against: old)
      ),
      (
        "+selected-slave", "slave 127.0.0.1:17103 127.0.0.1 17103 @ mymaster 127.0.0.1 17101",
        .selected(new, insteadOf: old)
      ),
      (
        "+promoted-slave", "slave 127.0.0.1:17103 127.0.0.1 17103 @ mymaster 127.0.0.1 17101",
        .selected(new, insteadOf: old)
      ),
      ("+odown", "master mymaster 127.0.0.1 17101 #quorum 2/2", .down(old)),
      ("+sdown", "master mymaster 127.0.0.1 17101", .changed),
      ("+sdown", "slave 127.0.0.1:17103 127.0.0.1 17103 @ mymaster 127.0.0.1 17101", .changed),
      (
        "-role-change",
        "slave 127.0.0.1:17103 127.0.0.1 17103 @ mymaster 127.0.0.1 17101 new reported role is master", .changed
      ),
      ("-failover-abort-no-good-slave", "master mymaster 127.0.0.1 17101", .changed),
      // Another set's, or nobody's.
      ("+try-failover", "master other 127.0.0.1 17101", nil),
      ("+switch-master", "MyMaster 127.0.0.1 17101 127.0.0.1 17103", nil),
      ("+new-epoch", "1", nil), ("+vote-for-leader", "7bc1e5a2f0c94d8e 1", nil), ("+tilt", "#tilt mode entered", nil),
      ("+switch-master", "mymaster 127.0.0.1 17101", nil), ("+switch-master", "mymaster a 0 b 70000", nil),
      ("", "", nil), ("+selected-slave", "slave x x 1 @ mymaster", nil),
    ] as [(String, String, SentinelEvent?)])
  func events(channel: String, payload: String, expected: SentinelEvent?) {
    #expect(SentinelEvent(channel: channel, payload: payload, name: "mymaster") == expected)
  }

  @Test("The leader has the new epoch beside the old address, from the promotion on")
  func answer() {
    let master = [
      "name": "mymaster", "ip": "127.0.0.1", "port": "17101", "runid": "a",
      "flags": "s_down,master,failover_in_progress",
      "config-epoch": "7", "quorum": "2",
    ]
    let replicas = [
      ["ip": "127.0.0.1", "port": "17103", "flags": "slave,promoted"],
      ["ip": "127.0.0.1", "port": "17104", "flags": "slave", "replica-announced": "0"],
      ["ip": "127.0.0.1", "port": "?"],
    ]
    let peers = [["runid": "s2", "ip": "127.0.0.1", "port": "5"], ["ip": "127.0.0.1", "port": "6"]]
    let answer = SentinelAnswer(
      master: master, address: ["127.0.0.1", "17103"], replicas: replicas, peers: peers)
    #expect(
      answer
        == SentinelAnswer(
          primary: Self.new, deposed: Self.old, configEpoch: 7, isFailingOver: true, quorum: 2,
          replicas: [.init(address: Self.new, isSelected: true)],
          peers: [.init(id: "s2", address: NodeAddress(host: "127.0.0.1", port: 5))]))
    #expect(SentinelAnswer(master: master, address: [], replicas: [], peers: []) == nil)
    #expect(SentinelAnswer(master: [:], address: ["127.0.0.1", "17103"], replicas: [], peers: []) == nil)
  }
}
