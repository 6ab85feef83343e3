/// Replicas 50 ms behind: what was just written is read from the primary, everything else from the replicas, and nothing
/// is stale.
struct DelayedReplicas {
  let context: ScenarioContext

  private struct Row {
    let title: String
    let writesPerSecond: Double
    let reads: Int
    let shares: [Double]
    let stale: Int
  }

  func run() throws {
    let shared = context.launcher
    var relay: DelayingRelay?
    let servers = try RedisServers.start(shared.supervisor, shared.directory, fileLimit: shared.fileLimit) { primary in
      let between = try DelayingRelay(to: primary)
      relay = between
      return between.port
    }
    defer {
      servers.end(shared.supervisor)
      relay?.stop()
    }
    try Dataset.small.fill(servers)
    relay?.delay(milliseconds: 50)
    try DelayedReplicas(context: context.with(servers)).runOnOwnServers()
  }

  private func runOnOwnServers() throws {
    var rows: [Row] = []
    for rate in [5000.0, nil] {
      let title = rate.map { "SETs at \(Format.grouped($0))/s" } ?? "SETs at full speed"
      Report.progress("fences: replicas 50 ms behind, \(title)")
      rows.append(try measure(title, rate))
    }
    let report = context.report
    report.heading("Read-your-writes: replicas 50 ms behind")
    var table = Table(headings: [
      "", "SETs/s", "reads", "on replicas: written < 20 ms ago", "written 200 ms ago", "not written", "stale",
    ])
    for row in rows {
      table.add(
        row.title, Format.grouped(row.writesPerSecond), Format.grouped(Double(row.reads)),
        Format.percent(row.shares[0]), Format.percent(row.shares[1]), Format.percent(row.shares[2]), "\(row.stale)")
      report.add([
        .atMost(
          "fences: keys just written, read from replicas 50 ms behind, \(row.title)", row.shares[0] * 100, 0, unit: " %"
        ),
        .atLeast(
          "fences: other keys, read from replicas 50 ms behind, \(row.title)", min(row.shares[1], row.shares[2]) * 100,
          95, unit: " %"),
        .atMost("fences: stale reads, \(row.title)", Double(row.stale), 0, places: 0),
      ])
    }
    report.table(table)
    report.paragraph(
      "A relay keeps what the primary tells its replicas for 50 ms. 25 connections write 200,000 keys in turn, 15 read, "
        + "1,000/s of each kind and one request at a time. The servers count which reads they ran, each kind by a command "
        + "of its own. Stale: older than what was acknowledged before the read was sent.")
  }

  private func measure(_ title: String, _ rate: Double?) throws -> Row {
    let servers = context.launcher.servers
    let target = try context.launcher.start(.amb, threads: context.options.threads[0])
    defer { context.launcher.end(target) }
    let primary = try CommandCounts.Watch([servers.primary])
    let replicas = try CommandCounts.Watch(servers.replicas)
    let before = (try primary.counts(), try replicas.counts())
    let began = Clock.now()
    let traffic = try VersionedTraffic(.init(port: target.port, writesPerSecond: rate, dataset: .small))
    Clock.sleep(milliseconds: context.options.isQuick ? 2000 : 10_000)
    let found = traffic.stop()
    if let failure = found.failure { throw BenchError("replicas 50 ms behind: \(failure)") }
    let seconds = Double(Clock.now() - began) / 1e9
    let onPrimary = try primary.counts() - before.0
    let onReplicas = try replicas.counts() - before.1
    let shares = VersionedTraffic.Reading.allCases.map { reading in
      let command = reading.command
      return Double(onReplicas[command]) / Double(max(1, onReplicas[command] + onPrimary[command]))
    }
    return Row(
      title: title, writesPerSecond: Double(found.writes) / seconds, reads: found.reads, shares: shares,
      stale: found.stale)
  }
}
