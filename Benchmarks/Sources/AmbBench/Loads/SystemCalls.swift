import Glibc

/// System calls a request at pipeline 1, counted by strace. Tracing slows the target by far, so this is a run of its own,
/// and batches are, if anything, larger than untraced.
struct SystemCalls {
  let launcher: TargetLauncher
  let options: Options

  struct Count: Equatable {
    let calls: Int
    let name: String
  }

  func run(_ report: Report) throws {
    guard let strace = Files.program("strace") else {
      throw BenchError("strace is missing; install with: apt-get install strace, or leave out --syscalls")
    }
    try Dataset.small.fill(launcher.servers)
    let load = Load.plainGet(requests: options.isQuick ? 5000 : 20_000)
    let benchmark = RedisBenchmark(supervisor: launcher.supervisor, directory: launcher.directory)
    report.heading("System calls a request (\(load.title))")
    var table = Table(headings: ["target", "calls/request", "most frequent"], textColumns: [0, 2])
    for kind in options.targets {
      Report.progress("system calls: \(kind.rawValue)")
      let target = try launcher.start(kind, threads: 1)
      defer { launcher.end(target) }
      let counts = try count(target, strace) { _ = try benchmark.run(load, port: target.port) }
      let perRequest = Double(counts.reduce(0) { $0 + $1.calls }) / Double(load.requests)
      let frequent = counts.sorted { $0.calls > $1.calls }.prefix(4)
        .map { "\($0.name) \(Format.decimals(Double($0.calls) / Double(load.requests), 2))" }
      table.add(kind.rawValue, Format.decimals(perRequest, 2), frequent.joined(separator: ", "))
      if kind == .amb { report.add([.atMost("system calls a request, GET pipeline 1", perRequest, 2.8)]) }
    }
    report.table(table)
    report.paragraph("strace -c -f on the target during \(load.requests) requests; direct: redis-server's own.")
  }

  private func count(_ target: RunningTarget, _ strace: String, during body: () throws -> Void) throws -> [Count] {
    let summary = launcher.directory.file("strace-\(target.port).txt")
    let child = try launcher.supervisor.spawn(
      [strace, "-c", "-f", "-p", "\(target.pid)", "-o", summary], log: launcher.directory.file("strace.log"))
    guard Clock.wait(seconds: 5, until: { ProcStat.isTraced(target.pid) }) else {
      let words = child.lastWords
      launcher.supervisor.end(child)
      throw BenchError("strace could not attach to \(target.name): \(words)")
    }
    try body()
    kill(child.pid, SIGINT)  // makes it detach and write its summary
    _ = try launcher.supervisor.wait(for: child, seconds: 10)
    return Self.parse(Files.read(summary) ?? "")
  }

  /// Lines of `% time, seconds, usecs/call, calls, [errors,] syscall`, between two rules.
  static func parse(_ summary: String) -> [Count] {
    summary.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 5, let calls = Int(fields[3]), let name = fields.last, name != "total" else { return nil }
      return Count(calls: calls, name: String(name))
    }
  }
}
