import Admin
import Proxy

extension Ambassador {
  var lanesCommand: ControlCommand {
    ControlCommand(
      "LANES", summary: "list the connections to the nodes",
      details: [
        "use: shared by many clients; own, lent to the client that is named; idle, kept for the next that needs one.",
        "state: connecting, greeting, ready, silent (it owes replies), held-up (a client does not read), retiring.",
        "wait: runs of requests without a reply, for own ones requests. unsent: bytes that the kernel has not taken.",
      ]
    ) { [unowned self] request in
      self.desk?.survey.ask(WorkerQuestion<[LaneReport]>.lanes) { answers in
        let lanes = answers.flatMap { $0 ?? [] }.sorted {
          ($0.node.description, $0.worker) < ($1.node.description, $1.worker)
        }
        var lines = Table.render(
          ["node", "thread", "use", "client", "db", "resp", "user", "state", "wait", "unsent"],
          lanes.map { lane in
            [
              lane.node.description, "\(lane.worker)", lane.use.rawValue, lane.client.map(String.init) ?? "-",
              "\(lane.database)", "\(lane.protocolVersion)", lane.user.isEmpty ? "-" : lane.user, lane.state,
              "\(lane.pending)", Wording.size(lane.unsent),
            ]
          })
        let silent = answers.count { $0 == nil }
        if silent > 0 { lines.append("(\(Wording.count(silent, "thread")) not answering)") }
        request.answer(.text(lines))
      }
    }
  }
}
