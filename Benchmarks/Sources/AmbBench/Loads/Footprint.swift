/// How fast a target is there, and how much it is when nobody asks.
struct Footprint {
  let launcher: TargetLauncher
  let options: Options

  func run(_ report: Report) throws {
    let starts = options.isQuick ? 3 : 9
    report.heading("Start and idle")
    var table = Table(headings: ["target", "start to PONG ms", "idle RSS MiB", "threads"])
    for kind in options.targets where kind != .direct {
      Report.progress("start and idle: \(kind.rawValue)")
      let milliseconds = Statistics.median(try (0..<starts).compactMap { _ in try launcher.startTime(kind) })
      let target = try launcher.start(kind, threads: 1)
      defer { launcher.end(target) }
      Clock.sleep(milliseconds: 1000)
      let resident = Double(ProcStat.residentKiB(target.pid))
      table.add(
        kind.rawValue, Format.decimals(milliseconds, 1), Format.mebibytes(kibibytes: resident),
        "\(ProcStat.threads(target.pid).count)")
      if kind == .amb {
        report.add([
          .atMost("start to listening", milliseconds, 50, unit: " ms", places: 1),
          .atMost("idle RSS", resident / 1024, 15, unit: " MiB", places: 1),
        ])
      }
    }
    report.table(table)
    report.paragraph(
      "Start: from exec to the first PONG on a new connection, median of \(starts). RSS: one second after, one thread configured."
    )
  }
}
