import Glibc

/// The whole bench: start the servers, run what was asked, print, leave nothing behind.
public enum AmbBench {
  public static func main(_ arguments: [String]) -> Never {
    let supervisor = ProcessSupervisor()
    do {
      if try Forwarder.run(arguments) { exit(0) }
      guard let options = try Options.parse(arguments) else {
        print(Options.usage)
        exit(0)
      }
      let directory = try TemporaryDirectory()
      Interruption.install {
        supervisor.reapAll()
        directory.remove()
      }
      let outcome = Result { try run(options, supervisor, directory) }
      supervisor.reapAll()
      directory.remove()
      exit(try outcome.get() ? 0 : 1)
    } catch {
      Report.progress("amb-bench: \(error)")
      exit(2)
    }
  }

  /// False if bars were missed and that was to matter.
  private static func run(
    _ options: Options, _ supervisor: ProcessSupervisor, _ directory: TemporaryDirectory
  ) throws -> Bool {
    for kind in options.targets { _ = try options.recipe(kind)?.program() }  // say at once what is missing
    let report = Report(isMarkdown: options.isMarkdown)
    let fileLimit = FileDescriptorLimit.raise()
    report.heading(
      "redis-amb benchmarks: \(options.verb.rawValue)\(options.isQuick ? " (quick: a smoke run, not figures)" : "")")
    report.facts(Machine.lines() + (try Versions.lines(options, supervisor, directory)))

    let servers = try RedisServers.start(supervisor, directory, fileLimit: fileLimit)
    let launcher = TargetLauncher(
      options: options, supervisor: supervisor, directory: directory, servers: servers, fileLimit: fileLimit)
    let context = ScenarioContext(launcher: launcher, options: options, report: report)
    switch options.verb {
    case .loads: try loads(context)
    case .slowReaders: try SlowReadersScenario(context: context).run()
    case .frozenReplica: try FrozenReplicaScenario(context: context).run()
    case .bigNeighbour: try BigNeighbourScenario(context: context).run()
    case .neighbours: try NeighboursScenario(context: context).run()
    case .fences: try Fences(context: context).run()
    case .all:
      try loads(context)
      try SlowReadersScenario(context: context).run()
      try FrozenReplicaScenario(context: context).run()
      try BigNeighbourScenario(context: context).run()
      try NeighboursScenario(context: context).run()
      try Fences(context: context).run()
    }
    report.paragraph("Load average at the end: \(Machine.loadAverage()).")
    report.verdict()
    return !(options.isStrict && report.hasFailures)
  }

  private static func loads(_ context: ScenarioContext) throws {
    let (launcher, options, report) = (context.launcher, context.options, context.report)
    if options.includes("footprint") { try Footprint(launcher: launcher, options: options).run(report) }

    let loads = Load.all(isQuick: options.isQuick).filter { options.includes($0.id) }
    for threads in options.threads where !loads.isEmpty {
      let results = try LoadRunner(launcher: launcher, options: options).run(loads, threads: threads)
      for result in results {
        let page = LoadReport(result: result, targets: options.targets)
        page.print(to: report)
        if options.targets.contains(.amb) { report.add(page.bars) }
      }
    }

    if options.includes("latency") { try OneClientLatency(launcher: launcher, options: options).run(report) }
    if options.includes("idle") { try IdleConnections(launcher: launcher, options: options).run(report) }
    if options.countsSystemCalls || options.verb == .all {
      try SystemCalls(launcher: launcher, options: options).run(report)
    }
  }
}
