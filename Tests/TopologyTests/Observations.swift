import Topology

// Short words for what nodes say, so that a story reads as one.

let p = NodeAddress(host: "p", port: 6379)
let a = NodeAddress(host: "a", port: 6379)
let b = NodeAddress(host: "b", port: 6379)
let c = NodeAddress(host: "c", port: 6379)
let stranger = NodeAddress(host: "stranger", port: 6379)

func isPrimary(of replicas: NodeAddress..., loading: Bool = false) -> NodeObservation {
  .answered(
    ReplicationInfo(role: .primary, replicas: replicas.map { .init(address: $0, isOnline: true) }), isLoading: loading)
}

func isReplica(
  of primary: NodeAddress = p, linked: Bool = true, syncing: Bool = false, loading: Bool = false, history: String = "h",
  offset: Int64 = 0
) -> NodeObservation {
  .answered(
    ReplicationInfo(
      role: .replica, replicationID: history, offset: offset, isLinked: linked, isSyncing: syncing, primary: primary),
    isLoading: loading)
}

/// What a recorded text says.
func says(_ text: String) -> NodeObservation {
  ReplicationInfo(text: text).map { .answered($0, isLoading: false) } ?? .lost("unreadable")
}

extension StaticTopology {
  /// For stories in which time does not matter.
  mutating func observe(_ node: NodeAddress, _ observation: NodeObservation) {
    observe(node, observation, during: 0...0)
  }
}

extension StaticTopology {
  /// For stories that are not about nodes which are yet to be heard: the others are out of reach.
  mutating func lose(_ nodes: NodeAddress...) { for node in nodes { observe(node, gone) } }
}

let gone = NodeObservation.lost("connection refused")
