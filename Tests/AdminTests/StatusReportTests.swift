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
