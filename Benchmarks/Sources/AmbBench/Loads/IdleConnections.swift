/// What thousands of silent connections cost: memory for each, and whether the others feel them.
struct IdleConnections {
  let launcher: TargetLauncher
  let options: Options

  func run(_ report: Report) throws {
    try Dataset.small.fill(launcher.servers)
    let counts = options.isQuick ? [1000] : [1000, 9000]
    for count in counts where launcher.fileLimit < 2 * count + 500 {
      throw BenchError(
        "\(count) idle clients need \(2 * count + 500) file descriptors and the limit is \(launcher.fileLimit); raise it with: ulimit -n"
      )
    }
    let runner = LoadRunner(launcher: launcher, options: options)
    let load = Load.plainGet(requests: options.isQuick ? 10_000 : 100_000)
    var tables = counts.map { _ in
      Table(headings: ["target", "RSS MiB before", "with them", "KiB each", "requests/s", "p99 ms", "CPU µs/request"])
    }
    for kind in options.targets {
      let target = try launcher.start(kind, threads: 1)  // fresh, so that no earlier load's memory hides the growth
      defer { launcher.end(target) }
      _ = try runner.measure(Load.plainGet(requests: 5000), target)
      let before = Double(ProcStat.residentKiB(target.pid))
      let clients = IdleClients()
      for (index, count) in counts.enumerated() {
        Report.progress("idle connections: \(count) on \(kind.rawValue)")
        do {
          try clients.grow(to: count, port: target.port)
        } catch {
          throw BenchError("\(kind.rawValue): \(error)")
        }
        Clock.sleep(milliseconds: 500)
        let with = Double(ProcStat.residentKiB(target.pid))
        let each = (with - before) / Double(count)
        let sample = try runner.measure(load, target)
        tables[index].add(
          kind.rawValue, Format.mebibytes(kibibytes: before), Format.mebibytes(kibibytes: with),
          Format.decimals(each, 2),
          Format.grouped(sample.requestsPerSecond), Format.decimals(sample.p99, 3),
          Format.decimals(sample.cpuMicroseconds, 2))
        if kind == .amb && count == counts.last {
          report.add([.atMost("RSS for each of \(count) idle clients", each, 1, unit: " KiB")])
        }
      }
    }
    for (count, table) in zip(counts, tables) {
      report.heading("\(Format.grouped(Double(count))) idle connections, and \(load.title) beside them")
      report.table(table)
    }
    report.paragraph(
      "Each idle client has had one GET answered. For direct the memory is redis-server's. One run each.")
  }
}
