/// What every scenario needs.
struct ScenarioContext {
  let launcher: TargetLauncher
  let options: Options
  let report: Report

  /// The same with servers of its own in place of the shared ones.
  func with(_ servers: RedisServers) -> ScenarioContext {
    let launcher = TargetLauncher(
      options: options, supervisor: launcher.supervisor, directory: launcher.directory, servers: servers,
      fileLimit: launcher.fileLimit)
    return ScenarioContext(launcher: launcher, options: options, report: report)
  }

  /// Runs `body` on a fresh instance of each target; direct comes first, as the others are held against it.
  func eachTarget(_ name: String, upstream: UInt16? = nil, _ body: (RunningTarget) throws -> Void) throws {
    let kinds = options.targets.filter { $0 == .direct } + options.targets.filter { $0 != .direct }
    for kind in kinds {
      Report.progress("\(name): \(kind.rawValue)")
      let target = try launcher.start(kind, threads: options.threads[0], upstream: upstream)
      defer { launcher.end(target) }
      do {
        try body(target)
      } catch {
        throw BenchError("\(name) on \(kind.rawValue): \(error)")
      }
    }
  }
}
