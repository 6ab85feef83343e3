import Reactor
import TestSupport
import Testing
import Topology

@testable import Discovery

@Suite("One node that is watched")
struct NodeMonitorTests {
  @Test("A name server that does not answer: the node counts as lost, the question waits and is not asked twice")
  func slowName() throws {
    let loop = try #require(EventLoop())
    defer { loop.destroy() }
    let server = try RedisServer()
    let asked = Mailbox<String>()
    var questions = 0
    asked.open(on: loop) { _ in questions += 1 }
    defer { asked.close() }
    var seen: [String] = []
    do {
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: server.port))
      let resolver = NameResolver(on: loop) { host, _ in
        asked.send(host)
        pause(.milliseconds(800))
        return .success([address])
      }
      var settings = MonitorSettings()
      settings.connectTimeout = 0.2
      let monitor = NodeMonitor(
        NodeAddress(host: "slow", port: server.port), on: loop, settings: settings, resolver: resolver,
        wantsCommands: false
      ) { event in
        guard case .observed(let observation, _) = event else { return }
        switch observation {
        case .lost(let why): seen.append(why)
        case .answered:
          seen.append("answered")
          loop.stop()
        }
      }
      let guardian = TimerSource(on: loop, after: 20) { loop.stop() }
      monitor.start()
      withExtendedLifetime((guardian, resolver)) { loop.run() }
      monitor.cancel()
    }
    #expect(seen == ["no answer from the name server within 200 ms", "answered"])
    #expect(questions == 1)
  }
}
