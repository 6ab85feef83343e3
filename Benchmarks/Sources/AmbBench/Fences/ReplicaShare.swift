/// How many GETs of other keys the replicas run while SETs go through the same ambassador as fast as they can.
struct ReplicaShare {
  let context: ScenarioContext

  private static let pipelines = [1, 16]

  private struct Row {
    let share: Double
    let getsPerSecond: Double
    let setsPerSecond: Double
  }

  func run() throws {
    let target = try context.launcher.start(.amb, threads: context.options.threads[0])
    defer { context.launcher.end(target) }
    var rows: [[Row]] = [[], []]
    for round in 0..<context.options.rounds {
      for (index, pipeline) in Self.pipelines.enumerated() {
        Report.progress(
          "fences: GETs beside SETs, round \(round + 1) of \(context.options.rounds): pipeline \(pipeline)")
        rows[index].append(try measure(target, pipeline: pipeline))
      }
    }
    let report = context.report
    report.heading("Read-your-writes: GETs beside SETs of other keys")
    var table = Table(headings: ["pipeline", "GETs that replicas ran", "GETs/s", "SETs/s"])
    for (pipeline, rows) in zip(Self.pipelines, rows) {
      func median(_ figure: (Row) -> Double) -> Double? { Statistics.median(rows.map(figure)) }
      table.add(
        "\(pipeline)", median(\.share).map(Format.percent) ?? "–", Format.grouped(median(\.getsPerSecond)),
        Format.grouped(median(\.setsPerSecond)))
      report.add([
        .atLeast(
          "fences: GETs on replicas beside SETs, pipeline \(pipeline)", spread: rows.map { $0.share * 100 }, 95,
          unit: " %")
      ])
    }
    report.table(table)
    report.paragraph(
      "25 connections with GETs and 25 with SETs through one ambassador, both as fast as they can; medians of "
        + "\(context.options.rounds) rounds. Counted by the servers (cmdstat_get).")
  }

  private func measure(_ target: RunningTarget, pipeline: Int) throws -> Row {
    let launcher = context.launcher
    let benchmark = RedisBenchmark(supervisor: launcher.supervisor, directory: launcher.directory)
    let writers = try benchmark.start(
      ["SET", "written:__rand_int__", String(repeating: "x", count: 32)], requests: 1_000_000_000, clients: 25,
      pipeline: pipeline, keys: 100_000, port: target.port, output: launcher.directory.file("writers.csv"))
    defer { launcher.supervisor.end(writers) }
    Clock.sleep(milliseconds: 500)
    let requests = (pipeline == 1 ? 100_000 : 800_000) / (context.options.isQuick ? 10 : 1)
    let load = Load(
      id: "share", title: "GET beside SETs", operation: .get, dataset: .small, clients: 25, pipeline: pipeline,
      requests: requests)
    let primary = try CommandCounts.Watch([launcher.servers.primary])
    let replicas = try CommandCounts.Watch(launcher.servers.replicas)
    let before = (try primary.counts(), try replicas.counts())
    let began = Clock.now()
    _ = try benchmark.run(load, port: target.port)
    let seconds = Double(Clock.now() - began) / 1e9
    let onPrimary = try primary.counts() - before.0
    let onReplicas = try replicas.counts() - before.1
    return Row(
      share: Double(onReplicas["get"]) / Double(max(1, onReplicas["get"] + onPrimary["get"])),
      getsPerSecond: Double(requests) / seconds, setsPerSecond: Double(onPrimary["set"]) / seconds)
  }
}
