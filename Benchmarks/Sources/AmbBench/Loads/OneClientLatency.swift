/// What a target adds to the round trip of a single client.
struct OneClientLatency {
  let launcher: TargetLauncher
  let options: Options

  func run(_ report: Report) throws {
    try Dataset.small.fill(launcher.servers)
    let targets = try launcher.startAll(threads: 1)
    defer { targets.forEach(launcher.end) }
    let probes = try targets.map { try LatencyProbe(port: $0.port, keys: Dataset.small.keys) }
    let rounds = options.isQuick ? 4 : 20
    let count = options.isQuick ? 500 : 2000
    var p50: [TargetKind: [Double]] = [:]
    var p99: [TargetKind: [Double]] = [:]
    Report.progress("one client: \(rounds) rounds of \(count) GETs")
    for round in 0..<rounds {
      for turn in targets.indices {
        let index = (turn + round) % targets.count
        let latencies = try probes[index].run(count: count)
        p50[targets[index].kind, default: []].append(Statistics.percentile(latencies, 50) ?? 0)
        p99[targets[index].kind, default: []].append(Statistics.percentile(latencies, 99) ?? 0)
      }
    }
    /// The median over rounds of what a target adds to that round's direct p50.
    func added(_ kind: TargetKind) -> Double? {
      guard let own = p50[kind], let direct = p50[.direct] else { return nil }
      return Statistics.median(zip(own, direct).map { $0 - $1 })
    }

    report.heading("One client, one GET at a time (µs)")
    var table = Table(headings: ["target", "p50", "p99", "added p50"])
    for kind in options.targets {
      table.add(
        kind.rawValue, Format.decimals(Statistics.median(p50[kind] ?? []), 1),
        Format.decimals(Statistics.median(p99[kind] ?? []), 1), kind == .direct ? "" : Format.decimals(added(kind), 1))
    }
    report.table(table)
    report.paragraph(
      "Medians over \(rounds) interleaved rounds of \(count) GETs on one connection each, timed in nanoseconds.")
    if options.targets.contains(.amb) {
      let ratio = added(.amb).flatMap { amb in added(.twemproxy).map { amb / $0 } }
      report.add([.atMost("added p50 with one client to twemproxy's", ratio, 1.3, unit: " ×")])
    }
  }
}
