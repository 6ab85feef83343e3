import Admin
import Proxy

extension Ambassador {
  var clientsCommand: ControlCommand {
    ControlCommand(
      "CLIENTS", "[COUNT]", count: 0...1, summary: "list the newest clients, 100 unless told otherwise",
      details: [
        "flags are CLIENT LIST's: N plain, x in MULTI, b blocked, P subscribed, O monitor, t tracking.",
        "state: reading; held (waits for a primary); in-order (its next request waits for replies from another node);",
        "window-full and upstream-full (enough is under way); not-reading (it leaves its replies unread); blocked.",
        "The app itself sees the same clients with CLIENT LIST.",
      ]
    ) { [unowned self] request in
      let text = request.arguments.first ?? "100"
      guard let count = Int(text), (1...10_000).contains(count) else {
        return request.answer(.failure("ERR COUNT is a number from 1 to 10000"))
      }
      self.listClients(count) { clients, silent in
        var lines = Table.render(
          ["id", "address", "name", "age", "db", "resp", "flags", "flight", "node", "state", "command"],
          clients.map { client in
            [
              "\(client.id)", client.address, client.name.isEmpty ? "-" : client.name, Wording.time(client.age),
              "\(client.database)", "\(client.protocolVersion)", client.flags, "\(client.inFlight)",
              client.node?.description ?? "-", client.state, client.command.isEmpty ? "-" : client.command,
            ]
          })
        if silent > 0 { lines.append("(\(Wording.count(silent, "thread")) not answering)") }
        request.answer(.text(lines))
      }
    }
  }

  /// The newest clients of all workers, newest first: page by page, so that no worker is held up.
  private func listClients(_ count: Int, _ then: @escaping ([ClientReport], _ silent: Int) -> Void) {
    var found: [ClientReport] = []
    var silent = 0
    func next(_ worker: Int, below id: UInt64, left: Int) {
      guard worker < workers.count else {
        return then(Array(found.sorted { $0.id > $1.id }.prefix(count)), silent)
      }
      desk?.survey.ask(.clients(below: id, atMost: min(left, 128)), worker: worker) { page in
        guard let page else {
          silent += 1
          return next(worker + 1, below: .max, left: count)
        }
        found += page.clients
        guard page.hasMore, left > page.clients.count, let last = page.clients.last else {
          return next(worker + 1, below: .max, left: count)
        }
        next(worker, below: last.id, left: left - page.clients.count)
      }
    }
    next(0, below: .max, left: count)
  }
}
