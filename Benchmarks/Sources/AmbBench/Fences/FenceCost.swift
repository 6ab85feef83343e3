/// CPU of the ambassador and of the primary with read-your-writes beside `eventual`: two ambassadors in front of the same
/// servers, in interleaved rounds.
struct FenceCost {
  let context: ScenarioContext

  private enum Traffic: String, CaseIterable {
    case reads = "GET, after some SETs"
    case writes = "SET"
    case both = "GET and SET of other keys, half each"
    case sameKeys = "GET and SET of the same keys, half each"

    var writesHalf: Bool { self == .both || self == .sameKeys }
  }

  private struct Load: Hashable {
    let traffic: Traffic
    let pipeline: Int

    var title: String { "\(traffic.rawValue), pipeline \(pipeline)" }
  }

  private struct Sample {
    let cpu: Double
    let primaryCPU: Double
    let requestsPerSecond: Double
    let primaryProbes: Double
    let replicaProbes: Double
  }

  /// Pairs of measurements in a round: many short ones, as what else a machine does lasts for seconds.
  private static let pairs = 4

  private let consistencies = ["eventual", "read-your-writes"]

  func run() throws {
    let launcher = context.launcher
    let targets = try consistencies.map {
      try launcher.start(.amb, threads: context.options.threads[0], flags: ["--reads-consistency", $0])
    }
    defer { targets.forEach(launcher.end) }
    let loads = [16, 1].flatMap { pipeline in Traffic.allCases.map { Load(traffic: $0, pipeline: pipeline) } }
    var samples: [Load: [[Sample]]] = [:]
    for round in 0..<context.options.rounds {
      for load in loads {
        Report.progress("fences: cost, round \(round + 1) of \(context.options.rounds): \(load.title)")
        for part in 0..<Self.pairs {
          var pair: [Sample?] = [nil, nil]
          for turn in 0..<2 {
            let index = (turn + round + part) % 2
            pair[index] = try measure(load, targets[index])
          }
          samples[load, default: []].append(pair.compactMap { $0 })
        }
      }
    }
    print(loads, samples)
  }

  private func measure(_ load: Load, _ target: RunningTarget) throws -> Sample {
    let servers = context.launcher.servers
    let count = (load.pipeline == 1 ? 20_000 : 200_000) / (context.options.isQuick ? 10 : 1)
    if load.traffic == .reads {
      let connection = try RedisConnection(port: target.port)
      for number in 0..<100 { _ = try connection.command("SET", Dataset.key(number), "warm") }
      Clock.sleep(milliseconds: 100)
    }
    let primary = try CommandCounts.Watch([servers.primary])
    let replicas = try CommandCounts.Watch(servers.replicas)
    let before = (try primary.counts(), try replicas.counts())
    let cpu = ProcStat.cpuNanoseconds(target.pid)
    let primaryCPU = ProcStat.cpuNanoseconds(servers.primary.child.pid)
    let began = Clock.now()
    try drive(load, count, target)
    let seconds = Double(Clock.now() - began) / 1e9
    let used = Double(ProcStat.cpuNanoseconds(target.pid) - cpu) / 1000 / Double(count)
    let primaryUsed = Double(ProcStat.cpuNanoseconds(servers.primary.child.pid) - primaryCPU) / 1000
    let asked = (try primary.counts() - before.0, try replicas.counts() - before.1)
    try servers.waitForReplication()
    let writes = load.traffic.writesHalf ? count / 2 : count
    return Sample(
      cpu: used, primaryCPU: primaryUsed / Double(writes), requestsPerSecond: Double(count) / seconds,
      primaryProbes: Double(max(0, asked.0["info"] - 1)) / Double(writes) * 1000,
      replicaProbes: Double(max(0, asked.1["info"] - 2)) / Double(writes) * 1000)
  }

  private func drive(_ load: Load, _ count: Int, _ target: RunningTarget) throws {
    let launcher = context.launcher
    let benchmark = RedisBenchmark(supervisor: launcher.supervisor, directory: launcher.directory)
    let size = ["-d", "\(Dataset.small.valueSize)"]
    let others = ["SET", "written:__rand_int__", String(repeating: "x", count: Dataset.small.valueSize)]
    let works: [[String]] =
      switch load.traffic {
      case .reads: [["-t", "get"] + size]
      case .writes: [["-t", "set"] + size]
      case .both: [["-t", "get"] + size, others]
      case .sameKeys: [["-t", "get"] + size, ["-t", "set"] + size]
      }
    let children = try works.enumerated().map { index, work in
      try benchmark.start(
        work, requests: count / works.count, clients: 50 / works.count, pipeline: load.pipeline,
        keys: Dataset.small.keys, port: target.port, output: launcher.directory.file("fences-\(index).csv"))
    }
    for child in children where try launcher.supervisor.wait(for: child, seconds: 180) != 0 {
      throw BenchError("\(load.title): \(child.lastWords)")
    }
  }

  private func print(_ loads: [Load], _ samples: [Load: [[Sample]]]) {
    let report = context.report
    report.heading("Read-your-writes: CPU beside eventual")
    var table = Table(headings: [
      "traffic", "µs/request, eventual", "read-your-writes", "ratio", "primary µs/SET, eventual", "read-your-writes",
      "ratio", "INFO per 1000, primary", "replicas",
    ])
    for load in loads {
      let rounds = samples[load] ?? []
      func median(_ index: Int, _ figure: (Sample) -> Double) -> Double? {
        Statistics.median(rounds.map { figure($0[index]) })
      }
      func ratios(_ figure: (Sample) -> Double) -> [Double] { rounds.map { figure($0[1]) / figure($0[0]) } }
      let writes = load.traffic != .reads
      table.add(
        load.title, Format.decimals(median(0, \.cpu), 3), Format.decimals(median(1, \.cpu), 3),
        Format.ratio(Statistics.median(ratios(\.cpu))),
        writes ? Format.decimals(median(0, \.primaryCPU), 2) : "–",
        writes ? Format.decimals(median(1, \.primaryCPU), 2) : "–",
        writes ? Format.ratio(Statistics.median(ratios(\.primaryCPU))) : "–",
        Format.decimals(median(1, \.primaryProbes), 2), Format.decimals(median(1, \.replicaProbes), 2))
      if load.pipeline == 16 {
        report.add([.atMost("fences: CPU/request to eventual's, \(load.title)", spread: ratios(\.cpu), 1.05)])
      }
    }
    report.table(table)
    report.paragraph(
      "50 connections, 32-byte values, \(context.options.rounds * Self.pairs) interleaved pairs, medians. INFO: what the servers counted "
        + "with read-your-writes, per 1000 SETs (per 1000 GETs where there are only GETs), the ambassador's heartbeats "
        + "included.")
  }
}
