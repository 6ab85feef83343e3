import Commands
import Consistency
import Glibc
import Reactor
import Routing
import Testing

@testable import Proxy

@Suite("Clients that are handed over")
struct AdoptTests {
  @Test("Each keeps the rules that came with it")
  func rules() throws {
    let loop = try #require(EventLoop())
    let worker = WorkerRef.allocate(capacity: 1)
    let ledger = SharedLedger(writers: 1)
    worker.initialize(
      to: Worker(
        index: 0, loop: loop, settings: WorkerSettings(), table: .builtin, ledger: ledger.pointer, report: { _ in }))
    let given = [
      ListenerRules(), ListenerRules(policy: .primary, consistency: .eventual),
      ListenerRules(policy: .replica, consistency: .readYourWrites),
    ]
    var peers: [Int32] = []
    for (index, rules) in given.enumerated() {
      var pair: [Int32] = [-1, -1]
      #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
      peers.append(pair[1])
      worker.adopt(pair[0], id: UInt64(index), rules: rules)
    }
    var found: [UInt64: ListenerRules] = [:]
    var next = worker.pointee.firstClient
    while let client = next {
      found[client.pointee.id] = client.pointee.rules
      next = client.pointee.next
    }
    #expect(found == [0: given[0], 1: given[1], 2: given[2]])
    worker.tearDown()
    worker.deinitialize(count: 1)
    worker.deallocate()
    loop.destroy()
    for peer in peers { close(peer) }
  }
}
