/// Small GETs beside one client that pulls 1 MiB values as fast as they come.
struct BigNeighbourScenario {
  let context: ScenarioContext

  private struct Row {
    let kind: TargetKind
    let alone: [Double]
    let beside: [Double]
    let getters: SteadyGetters.Findings
    let puller: Nuisance.Findings
    let pullsPerSecond: Double
  }

  private var seconds: Double { context.options.isQuick ? 2 : 6 }

  func run() throws {
    let dataset = Dataset(valueSize: 32, keys: 10_000)
    try dataset.fill(context.launcher.servers)
    let values = BigValues(count: 2, size: 1 << 20)
    try values.store(in: context.launcher.servers)
    var rows: [Row] = []
    try context.eachTarget("big-neighbour") { rows.append(try measure($0, dataset, values)) }
    print(rows)
    if let amb = rows.first(where: { $0.kind == .amb }) {
      context.report.add([
        .atMost(
          "big neighbour: p99 of small GETs", Statistics.percentile(amb.beside, 99), 1.5, unit: " ms", isForLater: true)
      ])
    }
  }

  private func measure(_ target: RunningTarget, _ dataset: Dataset, _ values: BigValues) throws -> Row {
    let getters = try SteadyGetters(port: target.port, clients: 20, perSecond: 100, dataset: dataset)
    defer { _ = getters.stop() }
    Clock.sleep(milliseconds: 500)
    let aloneBegan = Clock.now()
    Clock.sleep(milliseconds: seconds * 500)
    let besideBegan = Clock.now()
    let puller = try Nuisance(port: target.port) { connection, round in
      let index = round % values.values.count
      guard try connection.command("GET", BigValues.key(index)) == .bulk(values.values[index]) else {
        throw BenchError("a large value came back changed")
      }
    }
    Clock.sleep(milliseconds: seconds * 1000)
    let besideEnded = Clock.now()
    let pulled = puller.stop()
    let gets = getters.stop()
    return Row(
      kind: target.kind, alone: gets.latencies(in: aloneBegan..<besideBegan),
      beside: gets.latencies(in: besideBegan..<besideEnded),
      getters: gets, puller: pulled, pullsPerSecond: Double(pulled.rounds) / (Double(besideEnded - besideBegan) / 1e9))
  }

  private func print(_ rows: [Row]) {
    let report = context.report
    report.heading("Big neighbour: one client pulls 1 MiB values in a loop")
    var table = Table(
      headings: ["target", "alone: p50 ms", "p99", "max", "beside: p50 ms", "p99", "max", "pulls/s", "errors"],
      textColumns: [0, 8])
    for row in rows {
      table.add(
        row.kind.rawValue, Format.decimals(Statistics.percentile(row.alone, 50), 3),
        Format.decimals(Statistics.percentile(row.alone, 99), 3), Format.decimals(row.alone.last, 3),
        Format.decimals(Statistics.percentile(row.beside, 50), 3),
        Format.decimals(Statistics.percentile(row.beside, 99), 3),
        Format.decimals(row.beside.last, 3), Format.decimals(row.pullsPerSecond, 0),
        row.puller.failure.map { "puller: \($0)" } ?? row.getters.errorText)
    }
    report.table(table)
    report.paragraph("Small GETs: 20 clients, 2,000/s together.")
  }
}
