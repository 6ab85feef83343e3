import Glibc

/// One of two replicas stops (SIGSTOP) for two seconds in the middle of steady GETs: its sockets stay open and say nothing.
struct FrozenReplicaScenario {
  let context: ScenarioContext

  private struct Row {
    let kind: TargetKind
    let readsFromReplicas: Bool
    let before: [Double]
    let during: [Double]
    /// The slowest from the freeze to the end, rejoining included.
    let slowest: Double?
    let getters: SteadyGetters.Findings
    let backAfter: Double?
  }

  private let freeze = 2.0
  private let patience = 8.0

  func run() throws {
    let dataset = Dataset(valueSize: 32, keys: 10_000)
    try dataset.fill(context.launcher.servers)
    var rows: [Row] = []
    try context.eachTarget("frozen-replica") { rows.append(try measure($0, dataset)) }
    print(rows)
    addBars(rows)
  }

  private func measure(_ target: RunningTarget, _ dataset: Dataset) throws -> Row {
    let watches = try context.launcher.servers.replicas.map { try GetCounter(server: $0) }
    let getters = try SteadyGetters(port: target.port, clients: 20, perSecond: 100, dataset: dataset)
    defer { _ = getters.stop() }
    Clock.sleep(milliseconds: 1000)
    let beforeBegan = Clock.now()
    let countsBefore = try watches.map { try $0.calls() }
    Clock.sleep(milliseconds: context.options.isQuick ? 1000 : 3000)
    let reads = try zip(watches, countsBefore).map { try $0.calls() - $1 }
    let frozen = reads[0] >= reads[1] ? watches[0] : watches[1]
    let readsFromReplicas = reads.max()! > 100

    let stoppedAt = Clock.now() - 50_000_000  // a GET sent shortly before may have been caught in it
    kill(frozen.server.child.pid, SIGSTOP)
    Clock.sleep(milliseconds: freeze * 1000)
    kill(frozen.server.child.pid, SIGCONT)
    let continuedAt = Clock.now()
    let backAfter = readsFromReplicas ? try frozen.secondsUntilSteadyReads(from: continuedAt, patience: patience) : nil
    Clock.sleep(milliseconds: 1000)
    let gets = getters.stop()
    return Row(
      kind: target.kind, readsFromReplicas: readsFromReplicas, before: gets.latencies(in: beforeBegan..<stoppedAt),
      during: gets.latencies(in: stoppedAt..<continuedAt + 1_000_000_000),
      slowest: gets.latencies(in: stoppedAt..<UInt64.max).last, getters: gets, backAfter: backAfter)
  }

  private func print(_ rows: [Row]) {
    let report = context.report
    report.heading("Frozen replica: one of two stopped for \(Format.decimals(freeze, 0)) s")
    var table = Table(
      headings: [
        "target", "reads from replicas", "before: p99 ms", "max", "during: p99 ms", "slowest", "replica back after s",
        "errors",
      ],
      textColumns: [0, 1, 7])
    for row in rows {
      let back = row.readsFromReplicas ? row.backAfter.map { Format.decimals($0, 2) } ?? "not in \(Int(patience))" : "–"
      table.add(
        row.kind.rawValue, row.readsFromReplicas ? "yes" : "no",
        Format.decimals(Statistics.percentile(row.before, 99), 3),
        Format.decimals(row.before.last, 3), Format.decimals(Statistics.percentile(row.during, 99), 3),
        Format.decimals(row.slowest, 3), back, row.getters.errorText)
    }
    report.table(table)
    report.paragraph(
      "20 clients, 2,000 GETs/s together. During: from SIGSTOP to one second after SIGCONT; slowest: to the end. Back: from SIGCONT until the replica's "
        + "own count of GETs (cmdstat_get) rises in each of the next five tenths of a second. A target that reads nothing from "
        + "replicas has nothing to notice here.")
  }

  private func addBars(_ rows: [Row]) {
    guard let amb = rows.first(where: { $0.kind == .amb }) else { return }
    context.report.add([
      .atMost("frozen replica: errors", Double(amb.getters.errorCount), 0, places: 0),
      .atMost("frozen replica: slowest GET", amb.readsFromReplicas ? amb.slowest : nil, 200, unit: " ms", places: 1),
      .atMost(
        "frozen replica: serves reads again after", amb.readsFromReplicas ? amb.backAfter ?? .infinity : nil, 5,
        unit: " s"),
    ])
  }
}
