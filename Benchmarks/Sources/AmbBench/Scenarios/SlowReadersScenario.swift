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
    let arriving: [Double]
    /// Empty if it never came to all readers reading at their pace.
    let reading: [Double]
    let getters: SteadyGetters.Findings
    let readers: SlowReaders.Findings
  }

  private var seconds: Double { context.options.seconds ?? (context.options.isQuick ? 4 : 20) }
  private var arrival: Double { seconds / 2 }
  private var readerCount: Int { context.options.isQuick ? 20 : 100 }
  private let bytesPerSecond = 1_000_000
  private let size = 16 << 20
  /// A GET sent this shortly before the readers came may have met them.
  private static let border: UInt64 = 50_000_000

  func run() throws {
    let shared = context.launcher
    let servers = try RedisServers.start(
      shared.supervisor, shared.directory, fileLimit: shared.fileLimit, retainsMemory: true)
    defer { servers.end(shared.supervisor) }
    try SlowReadersScenario(context: context.with(servers)).runOnOwnServers()
  }

  private func runOnOwnServers() throws {
    let servers = context.launcher.servers
    let dataset = Dataset(valueSize: 32, keys: 10_000)
    try dataset.fill(servers)
    let values = BigValues(count: 4, size: size)
    try values.store(in: servers)
    Report.progress("slow-readers: warming the servers' memory")
    let read = context.options.targets.contains(.amb) ? servers.all : [servers.primary]
    try MemoryWarmUp.run(read, readers: readerCount, values: values)
    var rows: [Row] = []
    try context.eachTarget("slow-readers") { rows.append(try measure($0, dataset, values)) }
    print(rows)
    addBars(rows)
  }

  private func measure(_ target: RunningTarget, _ dataset: Dataset, _ values: BigValues) throws -> Row {
    let servers = context.launcher.servers.all
    let memory = try servers.map { try $0.connect() }
    let getters = try SteadyGetters(port: target.port, clients: 10, perSecond: 50, dataset: dataset)
    Clock.sleep(milliseconds: 500)
    let beforeBegan = Clock.now()
    Clock.sleep(milliseconds: context.options.isQuick ? 1500 : 4000)
    let start = ProcStat.residentKiB(target.pid)
    ProcStat.resetPeak(target.pid)
    var redisPeak = 0

    let arrivingBegan = Clock.now() - Self.border
    let readers: SlowReaders
    do {
      readers = try SlowReaders(
        port: target.port, count: readerCount, bytesPerSecond: bytesPerSecond, arrival: arrival, seconds: seconds,
        values: values)
    } catch {
      _ = getters.stop()
      throw error
    }
    let haveEnded = try Clock.wait(seconds: arrival + seconds + 30, every: 100) {
      redisPeak = max(redisPeak, try memory.reduce(0) { try $0 + ($1.info("memory", "used_memory") ?? 0) })
      return readers.result != nil
    }
    let ended = Clock.now()
    let peak = ProcStat.peakResidentKiB(target.pid)
    guard haveEnded, let found = readers.result else { throw BenchError("the slow readers did not stop in time") }
    readers.join()
    Clock.sleep(milliseconds: 2000)
    let after = ProcStat.residentKiB(target.pid)
    let gets = getters.stop()
    let readingBegan = found.allReadingAt ?? ended
    return Row(
      kind: target.kind, start: Double(start), peak: Double(peak), after: Double(after),
      redisPeak: Double(redisPeak) / 1024,
      before: gets.latencies(in: beforeBegan..<arrivingBegan),
      arriving: gets.latencies(in: arrivingBegan..<readingBegan),
      reading: gets.latencies(in: readingBegan..<max(readingBegan, found.spedUpAt ?? ended)), getters: gets,
      readers: found)
  }

  private func print(_ rows: [Row]) {
    let report = context.report
    report.heading("Slow readers: \(readerCount) clients pull 16 MiB each at 1 MB/s")
    var memory = Table(headings: ["target", "RSS MiB start", "peak", "after", "the Redis servers' used_memory, peak"])
    for row in rows {
      memory.add(
        row.kind.rawValue, Format.mebibytes(kibibytes: row.start), Format.mebibytes(kibibytes: row.peak),
        Format.mebibytes(kibibytes: row.after), Format.mebibytes(kibibytes: row.redisPeak))
    }
    report.table(memory)
    var small = Table(
      headings: ["target", "small GETs", "count", "p50 ms", "p99 ms", "max ms", "errors in all"],
      textColumns: [0, 1, 6])
    for row in rows {
      for (name, latencies) in [
        ("before", row.before), ("while readers arrive", row.arriving), ("while all read", row.reading),
      ] {
        small.add(
          row.kind.rawValue, name, Format.grouped(Double(latencies.count)),
          Format.decimals(Statistics.percentile(latencies, 50), 3),
          Format.decimals(Statistics.percentile(latencies, 99), 3),
          Format.decimals(latencies.last, 3), row.getters.errorText)
      }
    }
    report.table(small)
    var pulls = Table(
      headings: [
        "target", "exact to the byte", "of these sped up", "closed unfinished", "wrong", "median s", "first fault",
      ],
      textColumns: [0, 6])
    for row in rows {
      let readers = row.readers
      pulls.add(
        row.kind.rawValue, "\(readers.complete)", "\(readers.spedUp)", "\(readers.closedUnfinished)",
        "\(readers.wrong.count)",
        Format.decimals(Statistics.median(readers.seconds), 1), readers.wrong.first ?? "none")
    }
    report.table(pulls)
    report.paragraph(
      "Readers arrive over \(Format.decimals(arrival, 0)) s, are slow for \(Format.decimals(seconds, 0)) s more, then read as fast "
        + "as they can (sped up), and are closed 15 s later. While all read: from the moment each has its first bytes until "
        + "they are done or sped up. Small GETs: 10 clients, 500/s together. RSS after: 2 s after the last reader is done. "
        + "For direct the target's memory is the primary's, "
        + "which here gives none back to the kernel.")
  }

  private func addBars(_ rows: [Row]) {
    guard let amb = rows.first(where: { $0.kind == .amb }) else { return }
    func ratio(_ phase: KeyPath<Row, [Double]>) -> Double? {
      guard let direct = rows.first(where: { $0.kind == .direct }) else { return nil }
      guard let limit = Statistics.percentile(direct[keyPath: phase], 99) else { return nil }
      return (Statistics.percentile(amb[keyPath: phase], 99) ?? .infinity) / limit
    }
    context.report.add([
      .atMost("slow readers: peak RSS", amb.peak / 1024, 64, unit: " MiB", places: 1),
      .atMost("slow readers: RSS after, to start", amb.after / amb.start, 1.5, unit: " ×"),
      .atMost("slow readers: p99 of small GETs to direct's, while readers arrive", ratio(\.arriving), 2, unit: " ×"),
      .atMost("slow readers: p99 of small GETs to direct's, while all read", ratio(\.reading), 2, unit: " ×"),
      .atMost("slow readers: errors of small GETs", Double(amb.getters.errorCount), 0, places: 0),
      .atLeast("slow readers: exact to the byte", Double(amb.readers.complete), Double(readerCount), places: 0),
    ])
  }
}
