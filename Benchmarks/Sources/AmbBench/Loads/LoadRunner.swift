/// Runs the loads in interleaved rounds: every round visits each load once, and each target once for each load, in an
/// order that rotates, so that what else the machine does falls on all alike. Each run meets a fresh instance: memory
/// that an earlier load left behind is not this load's.
struct LoadRunner {
  let launcher: TargetLauncher
  let options: Options

  private var benchmark: RedisBenchmark {
    RedisBenchmark(supervisor: launcher.supervisor, directory: launcher.directory)
  }

  func run(_ loads: [Load], threads: Int) throws -> [LoadResult] {
    var results = loads.map { LoadResult(load: $0, threads: threads) }
    let kinds = options.targets
    var filled: Dataset?
    for round in 0..<options.rounds {
      for (index, load) in loads.enumerated() {
        if filled != load.dataset {
          try load.dataset.fill(launcher.servers)
          filled = load.dataset
        }
        Report.progress("threads \(threads), round \(round + 1) of \(options.rounds): \(load.title)")
        for turn in kinds.indices {
          let target = try launcher.start(kinds[(turn + round) % kinds.count], threads: threads)
          defer { launcher.end(target) }
          results[index].samples[target.kind, default: []].append(try measure(load, target))
        }
        try launcher.servers.waitForReplication()
      }
    }
    return results
  }

  func measure(_ load: Load, _ target: RunningTarget) throws -> Sample {
    ProcStat.resetPeak(target.pid)
    let cpuBefore = ProcStat.cpuNanoseconds(target.pid)
    let result: RedisBenchmark.Result
    do {
      result = try benchmark.run(load, port: target.port)
    } catch {
      throw BenchError("\(target.name), \(load.title): \(error)")
    }
    let cpu = ProcStat.cpuNanoseconds(target.pid) - cpuBefore
    return Sample(
      requestsPerSecond: result.requestsPerSecond, p50: result.p50, p99: result.p99,
      cpuMicroseconds: Double(cpu) / 1000 / Double(load.requests),
      residentKiB: Double(ProcStat.residentKiB(target.pid)), peakKiB: Double(ProcStat.peakResidentKiB(target.pid)))
  }
}
