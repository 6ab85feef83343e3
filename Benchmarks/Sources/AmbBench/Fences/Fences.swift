/// Read-your-writes: what it costs beside `eventual`, and how much of the reading it leaves to the replicas.
struct Fences {
  let context: ScenarioContext

  func run() throws {
    let options = context.options
    guard options.targets.contains(.amb) else { return }
    try Dataset.small.fill(context.launcher.servers)
    if options.includes("share") { try ReplicaShare(context: context).run() }
    if options.includes("delayed") { try DelayedReplicas(context: context).run() }
    if options.includes("cost") { try FenceCost(context: context).run() }
    if options.includes("fresh") { try FreshKeys(context: context).run() }
  }
}
