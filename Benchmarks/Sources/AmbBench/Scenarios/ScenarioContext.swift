/// What every scenario needs.
struct ScenarioContext {
  let launcher: TargetLauncher
  let options: Options
  let report: Report

  /// Runs `body` on a fresh instance of each target; direct comes first, as the others are held against it.
  func eachTarget(_ name: String, _ body: (RunningTarget) throws -> Void) throws {
    let kinds = options.targets.filter { $0 == .direct } + options.targets.filter { $0 != .direct }
    for kind in kinds {
      Report.progress("\(name): \(kind.rawValue)")
      let target = try launcher.start(kind, threads: options.threads[0])
      defer { launcher.end(target) }
      do {
        try body(target)
      } catch {
        throw BenchError("\(name) on \(kind.rawValue): \(error)")
      }
    }
  }
}
