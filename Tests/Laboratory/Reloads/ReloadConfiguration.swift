import TestSupport

/// A configuration as the laboratory of reloads writes it into the file.
struct ReloadConfiguration {
  enum Source {
    /// The first group, by its primary's address or by its Sentinels, and the second by its primary's address.
    case first, firstBySentinel, second

    var group: Int { self == .second ? 1 : 0 }
  }

  var source = Source.first
  var user = "first"
  var policy = "prefer-replica"
  var isEventual = false
  /// Another value of each setting that is a limit or a time.
  var hasOtherLimits = false

  /// Where clients' data are, or how old they may be, is not the same.
  func movesData(to other: ReloadConfiguration) -> Bool {
    source.group != other.source.group || isEventual || other.isEventual
  }

  func text(_ groups: [RedisGroup], _ sentinels: [RedisSentinel], passwordFile: String) -> String {
    let topology =
      switch source {
      case .first, .second: "{static: {primary: \(groups[source.group].primary.address)}}"
      case .firstBySentinel: "{sentinel: {addresses: [\(sentinels[0].address)]}}"
      }
    let limits =
      hasOtherLimits
      ? """
      upstream: {username: \(user), password-file: \(passwordFile), timeout: 2s, connect-timeout: 2s, max-pinned: 100}
      failover: {hold: 30s, hold-bytes: 1MiB}
      limits: {client-output: 1MiB, memory: 32MiB}
      log: {level: debug, format: json}
      """
      : "upstream: {username: \(user), password-file: \(passwordFile)}"
    return """
      threads: 2
      topology: \(topology)
      reads: {policy: \(policy), consistency: \(isEventual ? "eventual" : "read-your-writes"), \
      max-lag: \(hasOtherLimits ? "30s" : "off")}
      \(limits)
      reload: {drain: 5s}

      """
  }
}

/// One change of the configuration, or several at once.
struct ReloadStep: Sendable {
  /// For the table.
  let title: String
  let change: @Sendable (inout ReloadConfiguration) -> Void
  /// Another password of the present user goes with it.
  var rotatesPassword = false

  static let all: [ReloadStep] = [
    .init(title: "another primary and other replicas") { $0.source = .second },
    .init(title: "back, and by Sentinel instead of fixed addresses") { $0.source = .firstBySentinel },
    .init(title: "the same nodes by fixed addresses") { $0.source = .first },
    .init(title: "the same nodes by Sentinel") { $0.source = .firstBySentinel },
    .init(title: "another password", change: { _ in }, rotatesPassword: true),
    .init(title: "another user") { $0.user = "second" },
    .init(title: "`reads.policy: primary`") { $0.policy = "primary" },
    .init(title: "`reads.policy: any`") { $0.policy = "any" },
    .init(title: "`reads.consistency: eventual`") { $0.isEventual = true },
    .init(title: "`reads.consistency: read-your-writes`") { $0.isEventual = false },
    .init(title: "limits, times, `reads.max-lag`, the log") { $0.hasOtherLimits = true },
    .init(title: "all of it at once, and other nodes") { configuration in
      configuration = ReloadConfiguration()
      configuration.source = .second
    },
  ]

  /// What a storm of reloads goes round in.
  static let storm: [ReloadStep] = [all[0], all[5], all[1], all[6], all[10], all[11], all[2]]
}
