import Configuration
import Routing

// The words of the configuration, as routing knows them. It has its own, so that neither imports the other.

extension ListenerRules {
  /// What a listener says, and the settings of all where it says nothing.
  init(of listener: Listener, in reads: AmbassadorConfiguration.Reads) {
    self.init(
      policy: ReadPolicy(listener.reads ?? reads.policy),
      consistency: ReadConsistency(listener.consistency ?? reads.consistency),
      requiresAuthentication: listener.requiresAuthentication)
  }
}

extension ReadPolicy {
  init(_ word: AmbassadorConfiguration.ReadPolicy) {
    switch word {
    case .primary: self = .primary
    case .preferReplica: self = .preferReplica
    case .replica: self = .replica
    case .any: self = .any
    }
  }
}

extension ReadConsistency {
  init(_ word: AmbassadorConfiguration.Consistency) {
    switch word {
    case .readYourWrites: self = .readYourWrites
    case .eventual: self = .eventual
    }
  }
}

extension Listener {
  /// For the log: what is different for those who come in here; empty when nothing is.
  var difference: String {
    let words = [reads.map { "reads: \($0.rawValue)" }, consistency.map { "consistency: \($0.rawValue)" }]
    let given = words.compactMap { $0 } + (requiresAuthentication ? ["require-auth"] : [])
    return given.isEmpty ? "" : " (\(given.joined(separator: ", ")))"
  }
}
