import Proxy
import Testing
import Topology

@testable import Admin

struct StatusReportTests {
  private static let node = NodeAddress(host: "a", port: 1)

  private static func worker(_ index: Int, reads: Int, clients: Int = 1) -> WorkerReport {
    var report = WorkerReport()
    report.index = index
    report.clients = clients
    var node = NodeReport(name: node, isFitReplica: true)
    node.traffic.requests[.read] = reads
    node.traffic.latency[.read].record(0.001)
    report.nodes = [node]
    return report
  }

  private static func report(_ workers: [WorkerReport?], _ earlier: EarlierReports?) -> StatusReport {
    StatusReport(
      process: ProcessStatus(), topology: TopologyStatus(),
      nodes: [NodeStatus(name: node, role: .replica, isServing: true, health: "ok")], workers: workers,
      earlier: earlier, pause: nil)
  }

  @Test func workersAddUpAndRatesAreDifferences() {
    let report = Self.report(
      [Self.worker(0, reads: 100), Self.worker(1, reads: 50, clients: 3)],
      EarlierReports(age: 5, workers: [Self.worker(0, reads: 20), Self.worker(1, reads: 30)]))
    #expect(report.totals.clients == 4 && report.totals.requests == 150 && report.totals.rate == 20)
    #expect(report.nodes[0].rate[.read] == 20 && report.nodes[0].traffic.requests[.read] == 150)
    // The samples of before are not of lately.
    #expect(report.nodes[0].traffic.latency[.read].count == 2 && report.nodes[0].recentLatency.count == 0)
  }

  @Test func withNothingToCompareThereAreNoRates() {
    let report = Self.report([Self.worker(0, reads: 100)], nil)
    #expect(report.window == 0 && report.totals.rate == 0 && report.nodes[0].totalRate == 0)
  }

  @Test func aTimeWithoutAPrimaryIsTold() {
    var history = OutageHistory()
    let (none, some) = (
      TopologySnapshot(primary: nil, primaryAbsence: "it is lost", replicas: []),
      TopologySnapshot(primary: Self.node, primaryProof: "it says so", replicas: [])
    )
    func toll(_ waited: Int, _ longest: Double) -> OutageToll {
      var toll = OutageToll()
      (toll.waited, toll.longest, toll.askedAgain, toll.unknown) = (waited, longest, 2, 1)
      return toll
    }
    // Before the first one nobody misses it.
    history.follow(none, now: 1, wallClock: 1001)
    history.add(toll(9, 9), now: 1)
    history.follow(some, now: 2, wallClock: 1002)
    #expect(history.count == 0 && history.latest.isEmpty)
    history.follow(none, now: 10, wallClock: 1010)
    history.follow(none, now: 10.5, wallClock: 1010.5)
    #expect(history.latest.last?.lasted == nil && history.count == 1)
    history.follow(some, now: 11.5, wallClock: 1011.5)
    history.add(toll(3, 1.25), now: 12)
    history.add(toll(4, 0.5), now: 12)
    history.add(toll(100, 100), now: 20)
    var report = Self.report([Self.worker(0, reads: 1)], nil)
    report.process.startTime = 1000
    report.process.uptime = 20
    report.outages = history
    let last = report.document["outages"]?["latest"]?.elements.last
    #expect(last?["evidence"]?.text == "it is lost" && last?["lasted"]?.number == 1.5)
    #expect(last?["clients_waited"]?.integer == 7 && last?["longest_wait"]?.number == 1.25)
    #expect(
      report.lines.contains {
        $0 == "outages  1 times without a primary; the last 10s ago, it is lost: 1.5s until a:1 was proven; "
          + "7 waited for at most 1.3s, 4 asked again, 2 unknown"
      }, "\(report.lines)")
    #expect(report.metrics.contains("\nredis_amb_outages_total 1\n"))
    #expect(report.metrics.contains("\nredis_amb_last_outage_duration_seconds 1.5\n"))
    for _ in 0..<40 {
      history.follow(none, now: 30, wallClock: 1030)
      history.follow(some, now: 30, wallClock: 1030)
    }
    #expect(history.latest.count == 16 && history.count == 41)
  }

  @Test func whatCameOfTheLastReloadIsTold() {
    var report = Self.report([Self.worker(0, reads: 1)], nil)
    #expect(!report.lines.contains { $0.hasPrefix("reload ") })
    #expect(report.document["configuration"]?["last_reload"] == .null)
    #expect(report.metrics.contains("\nredis_amb_configuration_current 1\n"))
    report.process.configuration = ConfigurationStatus(
      isCurrent: false, lastReload: .init(outcome: "refused", reasons: ["a is wrong", "b is missing"], ago: 17))
    #expect(
      report.lines.contains("reload   refused 17s ago, what was in force goes on: a is wrong; b is missing"),
      "\(report.lines)")
    let told = report.document["configuration"]
    #expect(told?["current"]?.boolean == false && told?["last_reload"]?["outcome"]?.text == "refused")
    #expect(told?["last_reload"]?["reasons"]?.elements.count == 2 && told?["last_reload"]?["ago"]?.number == 17)
    #expect(report.metrics.contains("\nredis_amb_configuration_current 0\n"))
    report.process.configuration = ConfigurationStatus(lastReload: .init(outcome: "done", reasons: [], ago: 4))
    #expect(report.lines.contains("reload   done 4s ago"))
  }

  @Test func sentinelsThatDoNotAnswerAreTold() {
    func told(_ lost: [String?], primary: NodeAddress? = Self.node) -> String? {
      var report = Self.report([Self.worker(0, reads: 1)], nil)
      report.topology.primary = primary
      report.topology.sentinels = lost.map { .init(name: Self.node, lost: $0) }
      return report.lines.first { $0.hasPrefix("sentinels") }
    }
    #expect(told([]) == nil && told([nil, nil, nil]) == nil)
    #expect(told([nil, "refused", nil]) == "sentinels 2 of 3 answer")
    #expect(told(["refused", "late"]) == "sentinels 0 of 2 answer; the last proven topology serves on")
    #expect(told(["refused"], primary: nil) == "sentinels 0 of 1 answer")
  }

  @Test func aSilentWorkerIsSaidToBe() {
    let report = Self.report([Self.worker(0, reads: 1), nil], nil)
    #expect(report.lines.contains { $0.contains("NOT ANSWERING: 1") })
    #expect(report.document["workers"]?.elements.map { $0["answered"]?.boolean } == [true, false])
  }

  @Test func theHistoryKeepsWhatIsNeeded() {
    var history = StatusHistory()
    #expect(history.earlier(at: 0) == nil)
    for tick in 0...100 { history.record([Self.worker(0, reads: tick)], at: Double(tick) / 10) }
    // Half a second apart, and none older than the window but one.
    #expect(history.earlier(at: 10)?.age == 5)
    #expect(history.earlier(at: 10)?.workers.first??.nodes[0].traffic.requests[.read] == 50)
    #expect(history.earlier(at: 30)?.age == 20)
  }
}
