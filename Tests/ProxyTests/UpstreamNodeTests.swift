import Reactor
import TestSupport
import Testing
import Topology

@testable import Proxy

@Suite("When a node is tried again")
struct UpstreamNodeTests {
  private func makeNode() throws -> UpstreamNode {
    try UpstreamNode(
      name: NodeAddress(host: "a", port: 1), address: #require(SocketAddress(ip: "127.0.0.1", port: 1)))
  }

  /// The pauses that follow so many failures.
  private func pauses(_ count: Int, dice: Double) throws -> [Double] {
    var node = try makeNode()
    return (0..<count).map { _ in
      node.recordFailure("refused", since: 1000, now: 1000, dice: dice)
      return node.retryAt - 1000
    }
  }

  @Test("One that has come back counts little at first, and fully after a while")
  func warmUp() throws {
    var node = try makeNode()
    let full = node.readShare(now: 0)
    node.warmSince = 100
    let shares = [100, 100.1, 101.5, 102.9, 103, 200].map { node.readShare(now: $0) }
    #expect(full == 1 && shares[0] == Limits.firstShare && shares[1] == Limits.firstShare)
    #expect(abs(shares[2] - 0.5) < 1e-9 && shares[3] < 1 && shares[4] == 1 && shares[5] == 1)
  }

  @Test("A new node at once, and once more after the first failure")
  func first() throws {
    var node = try makeNode()
    let isFresh = node.mayConnect(now: 0)
    #expect(isFresh)
    node.recordFailure("refused", since: 5, now: 5, dice: 0.9)
    let (again, why) = (node.mayConnect(now: 5), node.lastFailure)
    #expect(again)
    #expect(why == "refused")
    node.recordFailure("late", since: 5, now: 5, dice: 0.9)
    let (early, due, late) = (node.mayConnect(now: 5), node.mayConnect(now: node.retryAt), node.lastFailure)
    #expect(!early)
    #expect(due)
    #expect(late == "late")
  }

  @Test("Pauses double up to the last, whatever the dice say", arguments: [0, 0.25, 0.5, 0.999_999])
  func doubling(dice: Double) throws {
    let pauses = try pauses(100, dice: dice)
    #expect(pauses[0] == 0)
    let factor = 0.5 + dice / 2
    for (index, pause) in pauses.enumerated().dropFirst() {
      let full = min(Limits.lastBackoff, Limits.firstBackoff * Double(1 << min(index - 1, 20)))
      #expect(abs(pause - full * factor) < 1e-6, "failure \(index)")
      #expect(pause >= Limits.firstBackoff / 2 - 1e-6)
      #expect(pause <= Limits.lastBackoff)
    }
    #expect(pauses[99] == pauses[50])
  }

  @Test("Jitter spreads a fleet over half of each pause")
  func jitter() throws {
    var dice = Dice(seed: 7)
    let pauses = try (0..<2000).map { _ in try self.pauses(4, dice: dice.fraction())[3] }
    let full = Limits.firstBackoff * 4
    #expect(pauses.allSatisfy { $0 >= full / 2 - 1e-9 && $0 < full + 1e-9 })
    #expect(Set(pauses).count > 1900)
    // Each tenth of the spread has its share.
    for tenth in 0..<10 {
      let (from, to) = (full / 2 + full / 20 * Double(tenth), full / 2 + full / 20 * Double(tenth + 1))
      #expect((120...280).contains(pauses.count { $0 >= from && $0 < to }))
    }
  }

  @Test("A connection that lasts makes the next failure a first one")
  func success() throws {
    var node = try makeNode()
    for _ in 0..<8 { node.recordFailure("refused", since: 10, now: 10, dice: 0) }
    node.recordSuccess()
    let isReady = node.mayConnect(now: 0)
    #expect(isReady)
    node.recordFailure("refused", since: 10, now: 10, dice: 0)
    let isReadyAgain = node.mayConnect(now: 10)
    #expect(isReadyAgain)
  }

  @Test("Connections that are lost together are one failure")
  func together() throws {
    var node = try makeNode()
    var single = try makeNode()
    for now in [10.0, 20] {
      single.recordFailure("reset", since: now - 1, now: now, dice: 0.5)
      for index in 0..<30 { node.recordFailure("reset", since: now - 1, now: now + Double(index) / 1000, dice: 0.5) }
      let (retryAt, expected) = (node.retryAt, single.retryAt)
      #expect(retryAt == expected)
    }
    node.recordFailure("refused", since: 20.05, now: 20.05, dice: 0.5)
    let retryAt = node.retryAt
    #expect(retryAt > 20.05 + Limits.firstBackoff)
  }
}
