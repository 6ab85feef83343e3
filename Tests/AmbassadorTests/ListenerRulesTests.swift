import Configuration
import Routing
import Testing

@testable import Ambassador

@Suite("The rules of a listener")
struct ListenerRulesTests {
  private static let address = ListenAddress.tcp(Endpoint(host: "127.0.0.1", port: 6380))

  static let listeners: [(listener: Listener, rules: ListenerRules, difference: String)] = [
    (Listener(address), ListenerRules(policy: .any, consistency: .eventual), ""),
    (
      Listener(address, reads: .primary), ListenerRules(policy: .primary, consistency: .eventual), " (reads: primary)"
    ),
    (
      Listener(address, consistency: .readYourWrites), ListenerRules(policy: .any, consistency: .readYourWrites),
      " (consistency: read-your-writes)"
    ),
    (
      Listener(address, reads: .preferReplica, consistency: .eventual),
      ListenerRules(policy: .preferReplica, consistency: .eventual), " (reads: prefer-replica, consistency: eventual)"
    ),
  ]

  @Test("What it says counts, and the settings of all where it says nothing", arguments: listeners)
  func overrides(listener: Listener, rules: ListenerRules, difference: String) {
    var configuration = AmbassadorConfiguration(primary: Endpoint(host: "p", port: 1))
    configuration.reads.policy = .any
    configuration.reads.consistency = .eventual
    #expect(ListenerRules(of: listener, in: configuration.reads) == rules)
    #expect(listener.difference == difference)
  }

  @Test("Routing has the words of the configuration, and its defaults")
  func words() {
    for word in AmbassadorConfiguration.ReadPolicy.allCases { #expect(ReadPolicy(word).rawValue == word.rawValue) }
    for word in AmbassadorConfiguration.Consistency.allCases {
      #expect(ReadConsistency(word).rawValue == word.rawValue)
    }
    let configuration = AmbassadorConfiguration(primary: Endpoint(host: "p", port: 1))
    #expect(configuration.listen.map { ListenerRules(of: $0, in: configuration.reads) } == [ListenerRules()])
  }
}
