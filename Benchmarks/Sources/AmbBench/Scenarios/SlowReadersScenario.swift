/// 100 clients pull 16 MiB each at 1 MB/s, while others do small GETs.
struct SlowReadersScenario {
  let context: ScenarioContext

  private struct Row {
    let kind: TargetKind
    let start: Double
    let peak: Double
    let after: Double
    let redisPeak: Double
    let before: [Double]
    let during: [Double]
    let getters: SteadyGetters.Findings
    let readers: SlowReaders.Findings
  }

  private var seconds: Double { context.options.seconds ?? (context.options.isQuick ? 4 : 20) }
  private let readerCount = 100
  private let bytesPerSecond = 1_000_000
  private let size = 16 << 20

  func run() throws {
    let dataset = Dataset(valueSize: 32, keys: 10_000)
    try dataset.fill(context.launcher.servers)
    let values = BigValues(count: 4, size: size)
    try values.store(in: context.launcher.servers)
    var rows: [Row] = []
    try context.eachTarget("slow-readers") { rows.append(try measure($0, dataset, values)) }
    print(rows)
    addBars(rows)
    try dataset.fill(context.launcher.servers)  // lets go of the large values
  }

  private func measure(_ target: RunningTarget, _ dataset: Dataset, _ values: BigValues) throws -> Row {
    let servers = context.launcher.servers
    let redis = [servers.primary] + servers.replicas
    let getters = try SteadyGetters(port: target.port, clients: 10, perSecond: 50, dataset: dataset)
    Clock.sleep(milliseconds: 500)
    let beforeBegan = Clock.now()
    Clock.sleep(milliseconds: context.options.isQuick ? 1500 : 4000)
    let start = ProcStat.residentKiB(target.pid)
    ProcStat.resetPeak(target.pid)
    redis.forEach { ProcStat.resetPeak($0.child.pid) }

    let duringBegan = Clock.now()
    let readers: SlowReaders
    do {
      readers = try SlowReaders(
        port: target.port, count: readerCount, bytesPerSecond: bytesPerSecond, seconds: seconds, values: values)
    } catch {
      _ = getters.stop()
      throw error
    }
    let ended = Clock.wait(seconds: seconds + 30, every: 50) { readers.result != nil }
    let duringEnded = Clock.now()
    let peak = ProcStat.peakResidentKiB(target.pid)
    let redisPeak = redis.map { ProcStat.peakResidentKiB($0.child.pid) }.reduce(0, +)
    guard ended, let found = readers.result else { throw BenchError("the slow readers did not stop in time") }
    readers.join()
    Clock.sleep(milliseconds: 2000)
    let after = ProcStat.residentKiB(target.pid)
    let gets = getters.stop()
    return Row(
      kind: target.kind, start: Double(start), peak: Double(peak), after: Double(after), redisPeak: Double(redisPeak),
      before: gets.latencies(in: beforeBegan..<duringBegan), during: gets.latencies(in: duringBegan..<duringEnded),
      getters: gets, readers: found)
  }

  private func print(_ rows: [Row]) {
    let report = context.report
    report.heading("Slow readers: \(readerCount) clients pull 16 MiB each at 1 MB/s")
    var memory = Table(headings: ["target", "RSS MiB start", "peak", "after", "redis-servers' peak MiB"])
    for row in rows {
      memory.add(
        row.kind.rawValue, Format.mebibytes(kibibytes: row.start), Format.mebibytes(kibibytes: row.peak),
        Format.mebibytes(kibibytes: row.after), Format.mebibytes(kibibytes: row.redisPeak))
    }
    report.table(memory)
    var small = Table(
      headings: ["target", "small GETs before: p50 ms", "p99", "max", "during: p50 ms", "p99", "max", "errors"], textColumns: [0, 7])
    for row in rows {
      small.add(
        row.kind.rawValue, Format.decimals(Statistics.percentile(row.before, 50), 3),
        Format.decimals(Statistics.percentile(row.before, 99), 3), Format.decimals(row.before.last, 3),
        Format.decimals(Statistics.percentile(row.during, 50), 3), Format.decimals(Statistics.percentile(row.during, 99), 3),
        Format.decimals(row.during.last, 3), row.getters.errorText)
    }
    report.table(small)
    var pulls = Table(
      headings: ["target", "exact to the byte", "of these sped up", "closed unfinished", "wrong", "median s", "first fault"],
      textColumns: [0, 6])
    for row in rows {
      let readers = row.readers
      pulls.add(
        row.kind.rawValue, "\(readers.complete)", "\(readers.spedUp)", "\(readers.closedUnfinished)", "\(readers.wrong.count)",
        Format.decimals(Statistics.median(readers.seconds), 1), readers.wrong.first ?? "none")
    }
    report.table(pulls)
    report.paragraph(
      "After \(Format.decimals(seconds, 0)) s readers still at it read as fast as they can (sped up), and are closed 15 s later. "
        + "Small GETs: 10 clients, 500/s together. After: 2 s after the last reader is gone. "
        + "For direct the target's memory is the primary's.")
  }

  private func addBars(_ rows: [Row]) {
    guard let amb = rows.first(where: { $0.kind == .amb }) else { return }
    let direct = rows.first { $0.kind == .direct }.flatMap { Statistics.percentile($0.during, 99) }
    let ratio = Statistics.percentile(amb.during, 99).flatMap { amb in direct.map { amb / $0 } }
    context.report.add([
      .atMost("slow readers: peak RSS", amb.peak / 1024, 64, unit: " MiB", places: 1),
      .atMost("slow readers: RSS after, to start", amb.after / amb.start, 1.5, unit: " ×"),
      .atMost("slow readers: p99 of small GETs to direct's", ratio, 2, unit: " ×"),
      .atMost("slow readers: errors of small GETs", Double(amb.getters.errorCount), 0, places: 0),
      .atLeast("slow readers: exact to the byte", Double(amb.readers.complete), Double(readerCount), places: 0),
    ])
  }
}
