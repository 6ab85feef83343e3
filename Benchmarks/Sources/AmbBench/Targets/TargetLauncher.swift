import Glibc

/// Starts and ends targets in front of the servers.
struct TargetLauncher {
  let options: Options
  let supervisor: ProcessSupervisor
  let directory: TemporaryDirectory
  let servers: RedisServers
  let fileLimit: Int

  func start(_ kind: TargetKind, threads: Int, flags: [String] = [], upstream: UInt16? = nil) throws -> RunningTarget {
    guard let recipe = options.recipe(kind) else {
      return RunningTarget(
        kind: .direct, port: servers.primary.port, threads: 1, pid: servers.primary.child.pid, child: nil)
    }
    let target = try launch(recipe, threads: threads, flags: flags, upstream: upstream).target
    Clock.sleep(milliseconds: 300)  // a PONG may come before discovery is through
    return target
  }

  func startAll(threads: Int) throws -> [RunningTarget] {
    try options.targets.map { try start($0, threads: threads) }
  }

  func end(_ target: RunningTarget) {
    if let child = target.child { supervisor.end(child) }
  }

  /// Time from exec to the first PONG, in milliseconds; nil for `direct`.
  func startTime(_ kind: TargetKind) throws -> Double? {
    guard let recipe = options.recipe(kind) else { return nil }
    let (target, milliseconds) = try launch(recipe, threads: 1, isTimed: true)
    end(target)
    return milliseconds
  }

  private func launch(
    _ recipe: any ProxyRecipe, threads: Int, flags: [String] = [], upstream: UInt16? = nil, isTimed: Bool = false
  ) throws -> (target: RunningTarget, milliseconds: Double) {
    let threads = recipe.isMultithreaded ? threads : 1
    let request = LaunchRequest(
      listen: try Ports.free(), primary: servers.primary.port, upstream: upstream ?? servers.primary.port,
      threads: threads, fileLimit: fileLimit, directory: directory, flags: flags)
    let arguments = try recipe.arguments(request)
    let log = directory.file("\(recipe.kind.rawValue)-\(request.listen).log")

    let began = Clock.now()
    let child = try supervisor.spawn(arguments, log: log, dyingWithParent: !isTimed)
    let ready = try Readiness.wait(
      for: child, port: request.listen, what: recipe.kind.rawValue, every: isTimed ? 0.2 : 2)
    let target = RunningTarget(kind: recipe.kind, port: request.listen, threads: threads, pid: child.pid, child: child)
    return (target, Double(ready - began) / 1e6)
  }
}
