import Admin
import Configuration
import Reactor

// Probes, metrics and the status page: where they are, and what they are told.
extension Ambassador {
  /// Opens the HTTP server, if there is to be one. That the default address is taken is no reason not to start.
  func openHTTP() throws(StartFailure) {
    guard let wanted = configuration.admin.http else { return }
    absentSince = loop.now
    let pages = AdminPages(
      AdminPages.Source(
        health: { [unowned self] in self.health },
        status: { [unowned self] then in self.desk?.status(then) }))
    self.pages = pages
    guard let address = SocketAddress(wanted) else {
      throw StartFailure(
        description: "admin.http: cannot listen on \(wanted): give an IP address of this machine, not a name")
    }
    do throws(SystemError) {
      let server = try HTTPServer(
        on: loop, address: address,
        onExhausted: { [logger] in logger.warning("HTTP can take nobody for the moment: \($0)") },
        handler: { pages.answer($0, $1) })
      http = server
      logger.info("status page, metrics and probes at http://\(server.address)")
    } catch {
      let sentence = "no HTTP at \(wanted): \(error); set admin.http to another address, or to none"
      guard wanted == AmbassadorConfiguration.Admin.defaultHTTP else { throw StartFailure(description: sentence) }
      logger.warning("\(sentence)")
    }
  }

  /// What the control thread itself knows.
  private var health: Health {
    var health = Health()
    health.isAccepting = isAccepting
    health.isStopping = isStopping
    health.hasPrimary = lastSnapshot?.primary != nil
    health.absence = lastSnapshot?.primaryAbsence ?? "the nodes have not been looked at yet"
    health.absentFor = absentSince.map { loop.now - $0 } ?? 0
    health.hold = configuration.failover.hold.seconds
    return health
  }
}

extension SocketAddress {
  /// Nothing for a name: an address of this machine is one.
  init?(_ address: ListenAddress) {
    switch address {
    case .unix(let path): self.init(unixPath: path)
    case .tcp(let endpoint):
      self.init(ip: endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, port: endpoint.port)
    }
  }
}
