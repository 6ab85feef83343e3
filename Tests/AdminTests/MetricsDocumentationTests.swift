import Proxy
import TestSupport
import Testing
import Topology

@testable import Admin

/// What is measured is told, and what is told is measured.
struct MetricsDocumentationTests {
  /// With everything that there can be.
  private static var report: StatusReport {
    let name = NodeAddress(host: "a", port: 1)
    var topology = TopologyStatus()
    topology.primary = name
    topology.epoch = 1
    var process = ProcessStatus()
    process.reloads = [("done", 1)]
    var worker = WorkerReport()
    worker.turns.record(0.000_1)
    worker.slowRequests = 3
    worker.sessions = 2
    var report = StatusReport(
      process: process, topology: topology,
      nodes: [NodeStatus(name: name, role: .primary, isServing: true, health: "ok", lagBytes: 0)], workers: [worker],
      earlier: nil, pause: nil)
    for primary in [name, nil, name] {
      report.outages.follow(TopologySnapshot(primary: primary, replicas: []), now: 1, wallClock: 1)
    }
    return report
  }

  /// The words in backquotes that look like the name of a metric, of the first column.
  private func documented() throws -> Set<String> {
    let page = try #require(text(ofFile: PackageDirectory.path + "/docs/metrics.md"))
    var names: Set<String> = []
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      let column = line.dropFirst(2).prefix { $0 != "|" }
      for (index, word) in column.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      where index % 2 == 1 {
        names.insert(String(word))
      }
    }
    return names
  }

  @Test func `every metric is in the documentation, and nothing else is`() throws {
    let types = Self.report.metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    let names = Set(types.map { String($0.split(separator: " ")[2]) })
    #expect(names.count == types.count, "a family is told twice")
    #expect(names == (try documented()))
  }

  @Test func `turns of the loop, slow requests and sessions are there`() {
    let metrics = Self.report.metrics
    for line in [
      "redis_amb_loop_turn_duration_seconds_bucket{worker=\"0\",le=\"6.4e-05\"} 0",
      "redis_amb_loop_turn_duration_seconds_bucket{worker=\"0\",le=\"0.000128\"} 1",
      "redis_amb_loop_turn_duration_seconds_count{worker=\"0\"} 1", "redis_amb_slow_requests_total 3",
      "redis_amb_sessions 2",
    ] { #expect(metrics.contains("\n\(line)\n"), "\(line)") }
  }
}
