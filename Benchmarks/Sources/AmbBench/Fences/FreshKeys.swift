/// How soon after its acknowledgement a written key is read from a replica.
struct FreshKeys {
  let context: ScenarioContext

  private struct Findings {
    var milliseconds: [Double] = []
    var trials = 0
    var stale = 0
  }

  private var isQuick: Bool { context.options.isQuick }

  func run() throws {
    let target = try context.launcher.start(.amb, threads: context.options.threads[0])
    defer { context.launcher.end(target) }
    Report.progress("fences: how soon a written key is read from a replica")
    let alone = try poll(target, trials: isQuick ? 20 : 300, milliseconds: 20)
    let beside = try besideWrites(target) { try poll(target, trials: isQuick ? 10 : 100, milliseconds: 60) }
    let steady = try single(target, trials: isQuick ? 10 : 100, quiet: 0)
    let rare = try single(target, trials: isQuick ? 2 : 15, quiet: 1500)

    let report = context.report
    report.heading("Read-your-writes: how soon a written key is read from a replica")
    var table = Table(headings: ["", "p50 ms", "p99 ms", "trials", "not in time", "stale"])
    for (name, found) in [("nothing else", alone), ("beside SETs at full speed", beside)] {
      table.add(
        name, Format.decimals(Statistics.percentile(found.milliseconds, 50), 2),
        Format.decimals(Statistics.percentile(found.milliseconds, 99), 2), "\(found.trials)",
        "\(found.trials - found.milliseconds.count)", "\(found.stale)")
    }
    report.table(table)
    report.paragraph(
      "From the acknowledgement of a SET to the reply of the first GET that a replica ran, one GET after the other. One "
        + "GET 100 ms after a lone SET ran on a replica in \(Format.percent(steady)) of the cases; after 1.5 s in which "
        + "nobody asked anything, in \(Format.percent(rare)).")
    report.add([
      .atLeast("fences: GETs on replicas 100 ms after a lone SET", steady * 100, 95, unit: " %"),
      .atMost("fences: stale GETs of a key just written", Double(alone.stale + beside.stale), 0, places: 0),
    ])
  }

  /// Nothing else reads meanwhile, and once a replica has served the key, replicas go on doing so: so of a trial's GETs
  /// the last are those that the replicas count.
  private func poll(_ target: RunningTarget, trials: Int, milliseconds: Double) throws -> Findings {
    let replicas = try CommandCounts.Watch(context.launcher.servers.replicas)
    let (writer, reader) = (try RedisConnection(port: target.port), try RedisConnection(port: target.port))
    var found = Findings()
    var before = try replicas.counts()
    for trial in 0..<trials {
      let value = Reply.bulk(Array("\(trial)".utf8))
      _ = try writer.command("SET", "fresh:\(trial % 10)", "\(trial)")
      let acknowledged = Clock.now()
      var replied: [UInt64] = []
      while Clock.now() - acknowledged < UInt64(milliseconds * 1e6) {
        if try reader.command("GET", "fresh:\(trial % 10)") != value { found.stale += 1 }
        replied.append(Clock.now())
      }
      let now = try replicas.counts()
      let served = (now - before)["get"]
      before = now
      found.trials += 1
      if served > 0, served <= replied.count {
        found.milliseconds.append(Double(replied[replied.count - served] - acknowledged) / 1e6)
      }
    }
    found.milliseconds.sort()
    return found
  }

  /// The share of single GETs, each 100 ms after the SET of its key, that replicas ran.
  private func single(_ target: RunningTarget, trials: Int, quiet: Double) throws -> Double {
    let replicas = try CommandCounts.Watch(context.launcher.servers.replicas)
    let (writer, reader) = (try RedisConnection(port: target.port), try RedisConnection(port: target.port))
    let before = try replicas.counts()
    for trial in 0..<trials {
      Clock.sleep(milliseconds: quiet)
      _ = try writer.command("SET", "lone:\(trial)", "\(trial)")
      Clock.sleep(milliseconds: 100)
      guard try reader.command("GET", "lone:\(trial)") == .bulk(Array("\(trial)".utf8)) else {
        throw BenchError("a GET 100 ms after its SET was stale")
      }
    }
    return Double((try replicas.counts() - before)["get"]) / Double(trials)
  }

  private func besideWrites(_ target: RunningTarget, _ body: () throws -> Findings) throws -> Findings {
    let launcher = context.launcher
    let writers = try RedisBenchmark(supervisor: launcher.supervisor, directory: launcher.directory).start(
      ["SET", "written:__rand_int__", String(repeating: "x", count: 32)], requests: 1_000_000_000, clients: 25,
      pipeline: 16, keys: 100_000, port: target.port, output: launcher.directory.file("writers.csv"))
    defer { launcher.supervisor.end(writers) }
    Clock.sleep(milliseconds: 300)
    return try body()
  }
}
