import Proxy
import Reactor
import Testing
import Topology

@testable import Ambassador
@testable import Discovery

@Suite("What workers are told of the nodes")
struct UpstreamTopologyTests {
  @Test("The nodes that were reached and are fit, and who is direct")
  func nodes() throws {
    let names = ["p", "a", "b", "c", "d"].map { NodeAddress(host: $0, port: 6379) }
    let addresses = try ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map {
      try #require(SocketAddress(ip: $0, port: 6379))
    }
    let snapshot = TopologySnapshot(
      primary: names[0],
      replicas: [
        .init(node: names[1], fitness: .fit, isDirect: true), .init(node: names[2], fitness: .fit, isDirect: false),
        .init(node: names[3], fitness: .lagging, isDirect: true), .init(node: names[4], fitness: .fit, isDirect: true),
      ])
    let update = DiscoveryUpdate(
      snapshot: snapshot, addresses: Dictionary(uniqueKeysWithValues: zip(names, addresses)), server: nil)
    let topology = UpstreamTopology(update)
    #expect(topology.primary == .init(name: names[0], address: addresses[0], isDirect: true))
    #expect(
      topology.replicas == [
        .init(name: names[1], address: addresses[1], isDirect: true),
        .init(name: names[2], address: addresses[2], isDirect: false),
      ])
  }
}
