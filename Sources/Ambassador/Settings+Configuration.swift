import Configuration
import Discovery
import Proxy
import Routing

// What workers and discovery follow: readings of the configuration, with the secrets that it names.

extension WorkerSettings {
  /// Each worker's share of what is configured for all.
  /// - Parameter threads: how many workers share it.
  init(_ configuration: AmbassadorConfiguration, _ secrets: Secrets, threads: Int) {
    self.init()
    let threads = max(1, threads)
    self.threads = threads
    limits.clientOutput = configuration.limits.clientOutput
    limits.workerMemory = max(1, configuration.limits.memory / threads)
    limits.upstreamTimeout = configuration.upstream.timeout.seconds
    limits.connectTimeout = configuration.upstream.connectTimeout.seconds
    limits.hold = configuration.failover.hold.seconds
    limits.holdBytes = configuration.failover.holdBytes / threads
    limits.maxPinned = max(1, configuration.upstream.maxPinned / threads)
    isFencing = configuration.listen.contains { listener in
      let rules = ListenerRules(of: listener, in: configuration.reads)
      return rules.consistency == .readYourWrites && rules.policy != .primary
    }
    credentials = secrets.upstream
    handoverTime = configuration.reload.drain.seconds
  }
}

extension MonitorSettings {
  init(_ configuration: AmbassadorConfiguration, _ secrets: Secrets) {
    self.init()
    timeout = configuration.upstream.timeout.seconds
    connectTimeout = configuration.upstream.connectTimeout.seconds
    if let credentials = secrets.upstream {
      username = credentials.username
      password = credentials.password
    }
  }
}

extension SentinelSettings {
  init(
    _ sentinel: AmbassadorConfiguration.Topology.Sentinel, _ configuration: AmbassadorConfiguration, _ secrets: Secrets
  ) {
    self.init(name: sentinel.masterName)
    timeout = configuration.upstream.timeout.seconds
    connectTimeout = configuration.upstream.connectTimeout.seconds
    if let credentials = secrets.sentinel {
      username = credentials.username
      password = credentials.password
    }
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
