import Configuration
import Proxy
import Reactor
import Testing
import Topology

@testable import Ambassador
@testable import Discovery

@Suite("When another configuration may take the place of the one in force")
struct CandidateTests {
  private final class Source: TopologySource {
    let isComplete: Bool
    init(isComplete: Bool) { self.isComplete = isComplete }
    func start() {}
    func goOn(from other: any TopologySource) {}
    func cancel() {}
    func look() {}
  }

  private static let (one, two) = (NodeAddress(host: "one", port: 6379), NodeAddress(host: "two", port: 6379))

  private func isReady(
    finds found: NodeAddress?, isComplete: Bool = true, isServing: Bool = true, primary: NodeAddress? = nil
  ) throws -> Bool {
    let address = try #require(SocketAddress(ip: "10.0.0.1", port: 6379))
    let base = AmbassadorConfiguration(primary: Endpoint(host: "one", port: 6379))
    var candidate = Candidate(
      plan: ReloadPlan(from: (base, Secrets()), to: (base, Secrets()), known: []), secrets: Secrets(), discoveryID: 1,
      discovery: Source(isComplete: isComplete))
    candidate.update = DiscoveryUpdate(
      snapshot: TopologySnapshot(primary: found, replicas: []), addresses: [:], server: nil)
    candidate.provenAt = found == nil ? nil : 10
    let node = primary.map { UpstreamTopology.Node(name: $0, address: address) }
    return candidate.isReady(now: 10, isServing: isServing, primary: node, patience: 1)
  }

  @Test func `an unproven one only where nothing was ever served`() throws {
    #expect(try !isReady(finds: nil))
    #expect(try isReady(finds: nil, isServing: false))
    #expect(try !isReady(finds: nil, isComplete: false, isServing: false))
  }

  @Test func `a proven one, and of the same nodes only the one that serves`() throws {
    #expect(try isReady(finds: Self.two))
    #expect(try !isReady(finds: Self.two, isComplete: false))
    #expect(try isReady(finds: Self.one, primary: Self.one))
    #expect(try !isReady(finds: Self.two, primary: Self.one))
  }
}
