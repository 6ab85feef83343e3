import Configuration
import Discovery
import Proxy
import Topology

extension UpstreamTopology {
  /// Only nodes that were reached have an address, and only those can serve.
  init(_ update: DiscoveryUpdate) {
    func node(_ name: NodeAddress, isDirect: Bool) -> Node? {
      update.addresses[name].map {
        Node(name: name, address: $0, process: update.processes[name] ?? "", isDirect: isDirect)
      }
    }
    let server = update.server.map {
      ServerIdentity(version: $0.version, mode: $0.mode, databases: $0.databases, modules: $0.modules)
    }
    self.init(
      primary: update.snapshot.primary.flatMap { node($0, isDirect: true) },
      primaryAbsence: update.snapshot.primaryAbsence,
      replicas: update.snapshot.replicas.filter { $0.fitness == .fit }.compactMap {
        node($0.node, isDirect: $0.isDirect)
      }, server: server ?? ServerIdentity())
  }
}

extension NodeAddress {
  init(_ endpoint: Endpoint) { self.init(host: endpoint.host, port: endpoint.port) }
}
